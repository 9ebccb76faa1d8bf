"""The sample data as its files hold it, checked so strictly that a mistake names its file and entry."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from mela.kernel import tables
from mela.kernel.money import Paise
from mela.services.catalog.model import GstRow
from mela.services.catalog.rules import gst

FOLDER = Path(__file__).parents[1] / "data"
_FORMAT = "1"
"""Part of the data's fingerprint: a new number makes every database load, and index, the same files again."""

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Sku = Annotated[str, Field(pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)*$", max_length=60)]
Amount = Annotated[int, Field(gt=0, le=10_00_00_000_00, strict=True)]
Hsn = Annotated[str, Field(pattern=r"^[0-9]{2,8}$", strict=True)]
Text = Annotated[str, Field(min_length=1, max_length=300)]
Mark = Literal["V", "W", "UNVERIFIED"]


M = TypeVar("M", bound=BaseModel)


class WrongSamples(ValueError):
    """The sample data has mistakes: one line each."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Texts(_Strict):
    en: Text
    hi: Text
    ta: Text
    te: Text
    kn: Text


class SampleCategory(_Strict):
    id: Slug
    names: _Texts
    position: int = Field(ge=0, strict=True)


class SampleSeller(_Strict):
    id: Slug
    name: Text
    legal_name: Text
    gstin: str = Field(pattern=r"^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]$")
    state_code: str = Field(pattern=r"^[0-9]{2}$", strict=True)
    pin: str = Field(pattern=r"^[1-9][0-9]{5}$", strict=True)
    city: Text
    address: Text


class SampleGst(_Strict):
    id: Slug
    hsn: Hsn
    description: Text
    rate_bp: int = Field(ge=0, le=10_000, strict=True)
    effective_from: date
    effective_to: date | None = None
    min_unit_value: int | None = Field(default=None, ge=0, strict=True)
    max_unit_value: int | None = Field(default=None, ge=0, strict=True)
    conditions: str | None = None
    source: Text
    mark: Mark


class SampleWas(_Strict):
    """A price of before, and how many days before loading it was lowered."""

    price: Amount
    days: int = Field(ge=0, le=365, strict=True)


class SampleReview(_Strict):
    product: Slug
    lang: Literal["en", "hi", "ta", "te", "kn"]
    rating: int = Field(ge=1, le=5, strict=True)
    days: int = Field(ge=0, le=3650, strict=True)
    name: Annotated[str, Field(min_length=1, max_length=40)]
    text: Text


class SampleVariant(_Strict):
    sku: Sku
    label: _Texts | None = None
    attributes: dict[str, str] = {}
    price: Amount
    mrp: Amount
    was: SampleWas | None = None
    stock: int = Field(ge=0, le=10_00_000, strict=True)
    city_prices: dict[Slug, Amount] = {}

    @model_validator(mode="after")
    def _within_mrp(self) -> "SampleVariant":
        was = self.was.price if self.was else 0
        if max(self.price, *self.city_prices.values(), was) > self.mrp:
            raise ValueError("a price is above the MRP")
        return self


class SampleProduct(_Strict):
    id: Slug
    names: _Texts
    descriptions: _Texts
    hsn: Hsn
    unit: str = Field(pattern=r"^[A-Z]{3}$")
    seller: Slug
    gst: Slug | None = None
    words: list[str] = []
    variants: list[SampleVariant] = Field(min_length=1, max_length=20)


@dataclass(frozen=True)
class Samples:
    """Everything the files hold; products by the id of their category, in the order of their file."""

    categories: list[SampleCategory]
    sellers: list[SampleSeller]
    gst: list[SampleGst]
    products: dict[str, list[SampleProduct]]
    synonyms: list[list[str]]
    reviews: list[SampleReview]


def fingerprint(folder: Path = FOLDER) -> str:
    """A digest of all sample files: equal means that there is nothing to load."""
    digest = hashlib.sha256(_FORMAT.encode())
    files = [
        *(folder / f"{name}.yaml" for name in ("categories", "sellers", "gst", "synonyms", "reviews")),
        *folder.glob("products/*.yaml"),
    ]
    for path in sorted(files):
        digest.update(f"\0{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def read(folder: Path = FOLDER) -> Samples:
    """The sample data, checked. Raises: WrongSamples, naming file and entry of each mistake."""
    problems: list[str] = []
    samples = Samples(
        categories=_entries(folder, "categories.yaml", SampleCategory, problems),
        sellers=_entries(folder, "sellers.yaml", SampleSeller, problems),
        gst=_entries(folder, "gst.yaml", SampleGst, problems),
        products={
            path.stem: _entries(folder, f"products/{path.name}", SampleProduct, problems)
            for path in sorted(folder.glob("products/*.yaml"))
        },
        synonyms=synonyms(folder),
        reviews=_entries(folder, "reviews.yaml", SampleReview, problems),
    )
    if not problems:
        problems += _contradictions(samples)
    if problems:
        raise WrongSamples("\n".join(problems))
    return samples


def synonyms(folder: Path = FOLDER) -> list[list[str]]:
    """Groups of words that mean the same; the first stands for the others."""
    return TypeAdapter(list[list[str]]).validate_python(_document(folder / "synonyms.yaml"))


def gst_rows(samples: Samples) -> tuple[GstRow, ...]:
    """The dated rates as the rules read them."""
    named = {product.gst for products in samples.products.values() for product in products}
    return tuple(
        GstRow(
            r.id, r.hsn, r.rate_bp, r.effective_from, r.effective_to, r.min_unit_value, r.max_unit_value, r.id in named
        )
        for r in samples.gst
    )


def _entries(folder: Path, name: str, model: type[M], problems: list[str]) -> list[M]:
    document = _document(folder / name)
    if not isinstance(document, list):
        problems.append(f"{name}: is not a list of entries")
        return []
    found = []
    for number, entry in enumerate(document, 1):
        try:
            found.append(model.model_validate(entry))
        except ValidationError as error:
            problems += [f"{name}: {_called(entry, number)}: {line}" for line in _lines(error)]
    return found


def _document(path: Path) -> Any:
    try:
        return tables.read(path)
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise WrongSamples(f"{path.name}: {error}") from error


def _called(entry: object, number: int) -> str:
    return str(entry["id"]) if isinstance(entry, dict) and "id" in entry else f"entry {number}"


def _lines(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, item['loc'])) or 'entry'}: {item['msg']}" for item in error.errors()]


def _contradictions(samples: Samples) -> Iterator[str]:
    """What each entry alone does not show: names that lead nowhere, names given twice, goods without a tax rate."""
    categories, sellers = {c.id for c in samples.categories}, {s.id for s in samples.sellers}
    rows, entries = gst_rows(samples), {row.id for row in samples.gst}
    rates, seen = gst.Rates(rows), set[str]()
    known = {product.id for products in samples.products.values() for product in products}
    for review in samples.reviews:
        if review.product not in known:
            yield f"reviews.yaml: there is no {review.product}"
    for category, products in samples.products.items():
        if category not in categories:
            yield f"products/{category}.yaml: no category has this id"
        for product in products:
            where = f"products/{category}.yaml: {product.id}"
            for name in (product.id, *(variant.sku for variant in product.variants)):
                if name in seen:
                    yield f"{where}: {name} is there twice"
                seen.add(name)
            if product.seller not in sellers:
                yield f"{where}: seller: there is no {product.seller}"
            if product.gst and product.gst not in entries:
                yield f"{where}: gst: there is no {product.gst}"
            yield from _untaxed(where, product, rows, rates)


def _untaxed(where: str, product: SampleProduct, rows: tuple[GstRow, ...], rates: gst.Rates) -> Iterator[str]:
    """Prices for which no rate is known on the day of the newest rows."""
    newest = max((row.effective_from for row in rows), default=date.min)
    for variant in product.variants:
        for price in {variant.price, *variant.city_prices.values()}:
            try:
                rates.tax_in(Paise(price), hsn=product.hsn, on=newest, entry=product.gst)
            except gst.GstRateUnknown:
                yield f"{where}: {variant.sku}: no GST rate for HSN {product.hsn} at {price} paise"

"""The shape of answers: what a shopper sees of products, in one language, on one day. `schemas` documents the same shapes."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from mela.kernel import clock
from mela.services.catalog.model import Entry, Offer, StockBand, Texts, Variant
from mela.services.catalog.rules import offers as rules
from mela.services.catalog.rules.reference import Reference

Told = tuple[StockBand, int | None]
Json = dict[str, Any]


def product(
    reference: Reference, variants: Sequence[Variant], told: Mapping[str, Told], *, lang: str, on: date
) -> Json:
    """A product with all its variants, of which there is at least one."""
    first = variants[0]
    seller = reference.sellers[first.seller_id]
    return _heading(reference, first, lang) | {
        "description": text(first.descriptions, lang),
        "seller": {"id": seller.id, "name": seller.name},
        "hsn": first.hsn,
        "unit": first.unit,
        "variants": [variant(reference, each, told[each.sku], lang=lang, on=on) for each in variants],
    }


def products(
    reference: Reference, entries: Sequence[Entry], variants: Mapping[str, Variant], told: Mapping[str, Told],
    *, lang: str, on: date, cursor: str | None,
) -> Json:  # fmt: skip
    """A page of a list: each product by one variant."""
    return {
        "items": [
            _heading(reference, variants[entry.sku], lang)
            | {
                "variant": variant(reference, variants[entry.sku], told[entry.sku], lang=lang, on=on),
                "variants": entry.variants,
            }
            for entry in entries
            if entry.sku in variants
        ],
        "next_cursor": cursor,
    }


def offers(
    reference: Reference, found: Sequence[Offer], variants: Mapping[str, Variant], told: Mapping[str, Told],
    *, lang: str, on: date,
) -> Json:  # fmt: skip
    """What has become cheaper lately: each by its variant, with the price of before."""
    items = [
        _heading(reference, of := variants[offer.sku], lang)
        | {
            "variant": variant(reference, of, told[offer.sku], lang=lang, on=on),
            "was_paise": offer.before,
            "since": clock.india_date(offer.since).isoformat(),
            "off_bp": rules.off_bp(offer),
        }
        for offer in found
    ]
    return {"items": items, "next_cursor": None}


def variant(reference: Reference, of: Variant, told: Told, *, lang: str, on: date) -> Json:
    """One thing to buy, its price taken apart."""
    inside = reference.tax(of, on)
    return {
        "sku": of.sku,
        "label": text(of.label, lang) if of.label else None,
        "attributes": of.attributes,
        "price_paise": of.price,
        "mrp_paise": of.mrp,
        "taxable_paise": inside.taxable,
        "tax_paise": inside.tax,
        "gst_rate_bp": inside.rate_bp,
        "stock": {"state": told[0], "left": told[1]},
    }


def categories(reference: Reference, lang: str) -> Json:
    """All categories in the order of the shop."""
    items = [{"id": each.id, "name": text(each.names, lang)} for each in reference.categories.values()]
    return {"items": items, "next_cursor": None}


def full_names(variant: Variant) -> Texts:
    """The name of a variant as an order and an invoice write it: product, then what sets the variant apart."""
    label = variant.label or {}
    return {lang: f"{name}, {label[lang]}" if lang in label else name for lang, name in variant.names.items()}


def text(texts: Texts, lang: str) -> str:
    """A text in a language, in English where that language has none."""
    return texts.get(lang) or texts["en"]


def _heading(reference: Reference, of: Variant, lang: str) -> Json:
    category = reference.categories[of.category_id]
    return {
        "id": of.product_id,
        "name": text(of.names, lang),
        "category": {"id": category.id, "name": text(category.names, lang)},
    }

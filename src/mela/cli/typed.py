"""Values as a person types them on the command line, refused before any work is done."""

from pathlib import Path
from typing import Any

import rich_click as click


class Rupees(click.ParamType[int]):
    """`1299`, `1,299.50`, `₹99`: paise, exactly, no fewer than `least`. A third decimal is refused, and so is what is no number."""

    name = "rupees"

    def __init__(self, least: int = 1) -> None:
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from mela.kernel.money import InvalidAmount, Paise, parse_rupees, rupees

        try:
            paise = parse_rupees(str(value))
        except InvalidAmount as error:
            self.fail(str(error), param, ctx)
        if paise < self.least:
            self.fail(f"{rupees(paise)} is less than {rupees(Paise(self.least))}", param, ctx)
        return paise


class NewFile(click.Path):
    """A file to write, in a folder that is there: nobody rehearses for a minute and then has nowhere to put it."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        file = Path(str(super().convert(value, param, ctx)))
        if not file.parent.is_dir():
            self.fail(f"there is no folder {str(file.parent)!r}; make it first", param, ctx)
        return file

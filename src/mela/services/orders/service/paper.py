"""An invoice or a credit note as PDF, in any of the five languages. The same paper has the same bytes.

Fonts: subsets of Noto Sans (SIL Open Font License 1.1, `data/fonts`). Indian scripts are shaped by HarfBuzz; a name in
another script than the paper's is set in that script's font.
"""

from datetime import UTC, datetime, time
from pathlib import Path

from fpdf import FPDF

from mela.kernel import i18n, money
from mela.kernel.money import Paise
from mela.services.orders.rules import CreditNote, Invoice, InvoiceLine

Paper = Invoice | CreditNote
_FONTS = Path(__file__).parents[1] / "data" / "fonts"
_SCRIPTS = {"latin": "", "hi": "Devanagari", "ta": "Tamil", "te": "Telugu", "kn": "Kannada"}
_PAGE_MM, _SMALL, _PLAIN, _LARGE, _LINE_MM = 180.0, 8.0, 9.0, 17.0, 5.0
_WIDTHS_MM = (50.0, 15.0, 18.0, 16.0, 24.0, 17.0, 17.0, 23.0)
"""Of a line: item, HSN, pieces, rate, taxable value, two taxes (or one in the place of both), total."""


def pdf(paper: Paper, lang: str, texts: i18n.Messages) -> bytes:
    """The paper's PDF."""
    return _Sheet(paper, lang, texts).made()


class _Sheet:
    def __init__(self, paper: Paper, lang: str, texts: i18n.Messages) -> None:
        self._paper, self._lang, self._texts = paper, lang, texts
        self._pdf = page = FPDF(format="A4")
        page.set_margins(15, 15, 15)
        page.set_auto_page_break(auto=True, margin=15)
        for name, script in _SCRIPTS.items():
            page.add_font(name, fname=_FONTS / f"NotoSans{script}.ttf")
        page.set_fallback_fonts([name for name in _SCRIPTS if name != "latin"])
        page.set_text_shaping(True)
        page.set_creation_date(datetime.combine(paper.issued_on, time(), UTC))
        page.set_title(paper.number)
        page.set_lang(lang)
        page.add_page()

    def made(self) -> bytes:
        """Heading, parties, lines, sums, words."""
        self._heading()
        self._parties()
        self._table()
        self._sums()
        return bytes(self._pdf.output())

    def _heading(self) -> None:
        paper = self._paper
        kind = paper.kind if isinstance(paper, Invoice) else "credit_note"
        self._font(_LARGE)
        self._pdf.cell(w=0, h=10, text=self._say(kind), new_x="LMARGIN", new_y="NEXT")
        self._row("number", paper.number)
        self._row("date", paper.issued_on.strftime("%d-%m-%Y"))
        self._row("order", paper.order_id)
        if isinstance(paper, CreditNote):
            self._row("against", f"{paper.invoice_number}, {paper.invoice_issued_on:%d-%m-%Y}")
            self._row("reason", paper.reason)
        self._row("place", paper.place_of_supply)
        self._pdf.ln(3)

    def _parties(self) -> None:
        seller, buyer = self._paper.seller, self._paper.buyer
        street = ", ".join(part for part in (buyer.line1, buyer.line2, buyer.city) if part)
        self._party("seller", [seller.name, f"{seller.address} {seller.pin}", f"GSTIN {seller.gstin}"])
        self._party("buyer", [buyer.name, f"{street} {buyer.pin}"])
        self._pdf.ln(2)

    def _table(self) -> None:
        across = any(line.igst for line in self._paper.lines) or not any(line.cgst for line in self._paper.lines)
        taxes = ["IGST"] if across else ["CGST", "SGST"]
        head = [
            self._say("item"),
            "HSN",
            self._say("pieces"),
            self._say("rate"),
            self._say("taxable"),
            *taxes,
            self._say("total"),
        ]
        self._font(_SMALL)
        with self._pdf.table(
            col_widths=_widths(across), line_height=_LINE_MM, text_align=("LEFT", *["RIGHT"] * (len(head) - 1)), padding=1,
            borders_layout="HORIZONTAL_LINES", first_row_as_headings=False,
        ) as table:  # fmt: skip
            for cells in (head, *(self._cells(line, across) for line in self._paper.lines)):
                row = table.row()
                for text in cells:
                    row.cell(text)
        self._pdf.ln(3)

    def _cells(self, line: InvoiceLine, across: bool) -> list[str]:
        taxes = [line.igst] if across else [line.cgst, line.sgst]
        name = line.names.get(self._lang) or line.names["en"]
        amounts = [line.taxable, *taxes, line.gross]
        return [name, line.hsn, str(line.quantity), f"{line.rate_bp / 100:g} %", *map(_figure, amounts)]

    def _sums(self) -> None:
        paper = self._paper
        for name, amount in (("CGST", paper.cgst), ("SGST", paper.sgst), ("IGST", paper.igst)):
            if amount:
                self._sum(name, amount)
        self._sum(self._say("total"), paper.total)
        self._pdf.ln(2)
        self._row("words", money.words(paper.total, self._lang))
        self._font(_SMALL)
        for key in ("reverse_charge", "sample"):
            self._pdf.multi_cell(w=0, h=_LINE_MM, text=self._say(key), new_x="LMARGIN", new_y="NEXT")

    def _sum(self, name: str, amount: Paise) -> None:
        self._font(_PLAIN)
        text = f"{name}   {money.rupees(amount)}"
        self._pdf.cell(w=0, h=_LINE_MM, text=text, align="R", new_x="LMARGIN", new_y="NEXT")

    def _party(self, key: str, lines: list[str]) -> None:
        self._font(_SMALL)
        self._pdf.cell(w=0, h=_LINE_MM, text=self._say(key), new_x="LMARGIN", new_y="NEXT")
        for line in lines:
            self._font(_PLAIN)
            self._pdf.multi_cell(w=0, h=_LINE_MM, text=line, new_x="LMARGIN", new_y="NEXT")
        self._pdf.ln(1)

    def _row(self, key: str, value: str) -> None:
        self._font(_PLAIN)
        self._pdf.multi_cell(w=0, h=_LINE_MM, text=f"{self._say(key)}: {value}", new_x="LMARGIN", new_y="NEXT")

    def _font(self, points: float) -> None:
        """Say the font, also where it is the same: after a line in a fallback font fpdf2 2.8.9 errs about what is set."""
        self._pdf.set_font("latin", size=points + 1)
        self._pdf.set_font("latin", size=points)

    def _say(self, key: str) -> str:
        return self._texts.text(f"orders.paper.{key}", self._lang)


def _widths(across: bool) -> tuple[float, ...]:
    *front, one, other, last = _WIDTHS_MM
    return (*front, one + other, last) if across else _WIDTHS_MM


def _figure(amount: Paise) -> str:
    return money.rupees(amount).removeprefix("₹")

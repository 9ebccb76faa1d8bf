"""Credit notes and papers: what comes back is taken back on paper, in a series without gaps, in five languages."""

from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from mela.kernel import i18n
from mela.services.orders import store
from tests.service.orders.conftest import Shop

LANGUAGES = list(i18n.LANGUAGES)


async def notes(shop: Shop, order_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await shop.call("GET", f"/orders/{order_id}/credit-notes"))["items"]
    return found


async def delivered(shop: Shop, quantity: int = 3, method: str = "upi", key: str = "first-order") -> str:
    order = await shop.bought(method, quantity=quantity, key=key)
    for step in ("ship", "deliver"):
        await shop.call("POST", f"/orders/{order['id']}/{step}", by=shop.duty)
    return str(order["id"])


async def give_back(shop: Shop, order_id: str, pieces: int, key: str) -> dict[str, Any]:
    body = {"quantities": {"RICE-5KG": pieces}, "reason": "bag was torn"}
    asked = await shop.call("POST", f"/orders/{order_id}/returns", body, key=key)
    received: dict[str, Any] = await shop.call("POST", f"/returns/{asked['id']}/received", by=shop.duty)
    return received


async def test_a_cancelled_sale_takes_back_its_whole_invoice(shop: Shop) -> None:
    order = await shop.bought()
    assert await notes(shop, order["id"]) == []
    for _ in range(2):
        await shop.call("POST", f"/orders/{order['id']}/cancel", {"reason": "ordered by mistake"})
    [invoice] = (await shop.call("GET", f"/orders/{order['id']}/invoices"))["items"]
    [note] = await notes(shop, order["id"])
    same = ("taxable_paise", "cgst_paise", "sgst_paise", "igst_paise", "total_paise", "lines", "seller", "buyer")
    assert {name: note[name] for name in same} == {name: invoice[name] for name in same}
    assert (note["invoice_number"], note["reason"]) == (invoice["number"], "ordered by mistake")
    assert note["refund_id"] in shop.payments.refunds
    assert note["number"] != invoice["number"]
    assert len(note["number"]) <= 16


async def test_parts_that_come_back_one_after_another_add_up_to_the_invoice(shop: Shop) -> None:
    order_id = await delivered(shop, quantity=3)
    for number in range(3):
        await give_back(shop, order_id, 1, f"return-000{number}")
    [invoice] = (await shop.call("GET", f"/orders/{order_id}/invoices"))["items"]
    found = await notes(shop, order_id)
    for name in ("taxable_paise", "total_paise"):
        assert sum(note[name] for note in found) == invoice[name]
    assert len(found) == 3


async def test_an_order_that_nobody_paid_has_no_credit_note(shop: Shop) -> None:
    await shop.put()
    order = await shop.check_out()
    await shop.call("POST", f"/orders/{order['id']}/cancel", {"reason": "no"})
    assert await notes(shop, order["id"]) == []


async def test_a_cash_order_cancelled_before_it_leaves_takes_back_its_invoice_without_a_refund(shop: Shop) -> None:
    order = await shop.bought("cod")
    await shop.call("POST", f"/orders/{order['id']}/cancel", {"reason": "changed my mind"})
    [note] = await notes(shop, order["id"])
    assert (note["refund_id"], note["total_paise"]) == (None, order["total_paise"])


async def test_serials_of_credit_notes_have_no_gap_and_their_own_count(shop: Shop) -> None:
    bought = []
    for number in range(3):
        bought.append(await shop.bought(quantity=1, key=f"order-000{number}"))
        await shop.call("POST", f"/orders/{bought[-1]['id']}/cancel", {"reason": "no"})
    gstin = (await notes(shop, bought[0]["id"]))[0]["seller"]["gstin"]
    assert await shop.app.db.read(store.credit_serials_of, gstin, "2026-27") == [1, 2, 3]
    assert await shop.app.db.read(store.serials_of, gstin, "2026-27") == [1, 2, 3]


async def test_another_customer_sees_no_paper(shop: Shop) -> None:
    order = await shop.bought()
    ravi = shop.app.tokens.give("customer", "cus_ravi")
    for path in ("credit-notes", "papers.pdf?number=X/2627/0000001"):
        assert (await shop.call("GET", f"/orders/{order['id']}/{path}", by=ravi))["code"] == "orders.unknown_order"
    assert (await shop.call("GET", f"/orders/{order['id']}/papers.pdf?number=X/2627/0000001"))[
        "code"
    ] == "orders.unknown_paper"


async def paper(shop: Shop, order_id: str, number: str, lang: str) -> bytes:
    path = f"/api/orders/orders/{order_id}/papers.pdf"
    answer = await shop.app.client.get(path, params={"number": number, "lang": lang}, headers=shop.meena)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text[:300]
    assert answer.headers["content-disposition"].startswith('inline; filename="')
    return answer.content


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_paper_of_an_invoice_says_what_the_invoice_says(shop: Shop, lang: str, tmp_path: Path) -> None:
    order = await shop.bought()
    await shop.call("POST", f"/orders/{order['id']}/cancel", {"reason": "थैला फटा था <b>&"})
    [invoice] = (await shop.call("GET", f"/orders/{order['id']}/invoices"))["items"]
    [note] = await notes(shop, order["id"])
    for number in (invoice["number"], note["number"]):
        made = await paper(shop, order["id"], number, lang)
        assert made == await paper(shop, order["id"], number, lang), "the same bytes"
        assert made.startswith(b"%PDF-")
        assert len(made) < 120_000
        text = _text(made, tmp_path)
        for word in (number, invoice["seller"]["gstin"], order["id"], invoice["lines"][0]["hsn"], "778.00"):
            assert word in text, word


def _text(made: bytes, folder: Path) -> str:
    """The words of a PDF, as a reader copies them."""
    file = folder / "paper.pdf"
    file.write_bytes(made)
    return "\n".join(page.extract_text() for page in PdfReader(file).pages)

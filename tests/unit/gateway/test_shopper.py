"""Where a shopper pays, read off the link as a phone or a browser would follow it; and what `mela buy` takes for a card."""

import pytest
from click.testing import CliRunner

from mela.cli.shopping import buy
from mela.simulators.shopper import NotThere, Shopper, payment_of


@pytest.mark.parametrize(
    ("link", "bill"),
    [
        ("upi://pay?pa=mela@simbank&pn=Mela&tr=gp01&am=1.00&cu=INR", "gateway/upi/gp01"),
        ("upi://pay?pa=mela@simpayu&pn=Mela&tr=gp02&am=1.00&cu=INR", "payu/upi/gp02"),
        ("http://127.0.0.1:3000/bank/gateway/gp03", "gateway/upi/gp03"),
        ("http://127.0.0.1:3000/bank/razorpay/gp04", "razorpay/upi/gp04"),
        ("http://bank.example/pay/gp05", "gateway/upi/gp05"),
    ],
)
def test_the_link_says_which_provider_has_the_bill(link: str, bill: str) -> None:
    shopper = Shopper(None, "http://shop", "+919876543210")  # type: ignore[arg-type]
    assert shopper._bill({"id": "ord_1", "intent_url": link}) == f"http://shop/sim/{bill}"


def test_an_order_without_a_link_is_said_to_have_none() -> None:
    with pytest.raises(NotThere, match="ord_1 has no link to pay by yet: it is placed"):
        payment_of({"id": "ord_1", "intent_url": None, "state": "placed"})


@pytest.mark.parametrize("card", ["4111 1111 1111 1112", "1234", "4111x", "٤١١١"])
def test_a_number_that_no_network_gives_out_is_refused_before_anything_is_asked(card: str) -> None:
    told = CliRunner().invoke(buy, ["atta", "--method", "card", "--card", card, "--url", "http://127.0.0.1:9"])
    assert (told.exit_code, "no network knows such a card" in told.output) == (2, True)

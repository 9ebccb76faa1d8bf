"""Addresses that somebody else chose: public ones only, however they are written."""

from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from mela.kernel.errors import Rejected
from mela.services.webhooks import app
from mela.services.webhooks.rules import addresses, urls
from mela.services.webhooks.rules.addresses import AddressRefused

ROWS = yaml.safe_load((Path(app.__file__).parent / "data" / "addresses.yaml").read_text())
STRICT = addresses.guard(ROWS, date(2026, 11, 26), allow_loopback=False)
LAPTOP = addresses.guard(ROWS, date(2026, 11, 26), allow_loopback=True)

REFUSED = [
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.8.8.8", "0.0.0.0",  # noqa: S104
    "169.254.169.254", "100.100.100.200",
    "168.63.129.16", "192.0.0.192", "224.0.0.1", "255.255.255.255", "198.18.0.1", "203.0.113.7",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fc00::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1", "fec0::1",
    "", "localhost", "1.2.3", "0x7f.1",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_address_that_is_not_public_is_refused(address: str) -> None:
    assert not STRICT.permits(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_public_address_is_permitted_in_each_of_its_forms(address: str) -> None:
    assert STRICT.permits(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_laptop_permits_itself_and_nothing_else_more(address: str) -> None:
    assert LAPTOP.permits(address)
    assert not any(LAPTOP.permits(other) for other in ("10.0.0.1", "169.254.169.254", "fe80::1"))


def test_name_with_one_private_address_among_public_ones_is_refused() -> None:
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        STRICT.choose(["8.8.8.8", "10.0.0.1"])
    assert STRICT.choose(["8.8.8.8", "8.8.8.8", "1.1.1.1"]) == ["8.8.8.8", "1.1.1.1"]


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_whatever_is_permitted_is_global(address: IPv4Address | IPv6Address) -> None:
    if STRICT.permits(str(address)):
        assert not address.is_unspecified
        assert not address.is_loopback
        assert not address.is_link_local


@given(st.ip_addresses(v=4))
def test_ipv4_is_judged_the_same_inside_ipv6(address: IPv4Address) -> None:
    assert STRICT.permits(str(address)) == STRICT.permits(f"::ffff:{address}")
    assert STRICT.permits(str(address)) == STRICT.permits(
        str(IPv6Address(int(IPv6Address("64:ff9b::")) + int(address)))
    )


@pytest.mark.parametrize(
    "url",
    ["https://shop.example.in/hooks", "https://shop.example.in:8443/a?b=c", "https://xn--11b4d3a.example/", "https://8.8.8.8/",
     "https://[2606:4700::1111]/h", "https://a_b.example.in"],
)  # fmt: skip
def test_public_https_url_may_be_registered(url: str) -> None:
    assert urls.check(url, STRICT) == url


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "malformed"), ("shop.example.in", "malformed"), ("https://", "malformed"), ("https:///path", "malformed"),
        ("https://shop.example.in/#part", "malformed"), ("https://user@shop.example.in/", "malformed"),
        ("https://shop.example.in:99999/", "malformed"), ("https://shop.example.in:0/", "malformed"),
        ("https://shop.example.in/a b", "malformed"), ("https://shop.example.in\\@evil.example/", "malformed"),
        ("https://shop.example.in/\r\nx: y", "malformed"), ("https://०.example/", "malformed"), ("https://0x7f.1/", "malformed"),
        ("https://0177.0.0.1/", "malformed"), ("https://2130706433/", "malformed"), ("javascript:alert(1)", "malformed"),
        ("https://" + "a" * 500 + ".in/", "malformed"), ("https://[::1/", "malformed"), ("https://127.1/", "malformed"),
        ("http://shop.example.in/", "not_https"), ("http://8.8.8.8/", "not_https"),
        ("https://localhost/", "private"), ("https://hooks.localhost./", "private"), ("https://LOCALHOST/", "private"),
        ("https://127.0.0.1/", "private"), ("https://[::ffff:10.0.0.1]/", "private"), ("http://169.254.169.254/", "private"),
    ],
)  # fmt: skip
def test_url_that_may_not_be_registered_says_why(url: str, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        urls.check(url, STRICT)
    assert refused.value.of == f"webhooks.url_{code}"


@given(
    st.text(max_size=80)
    | st.text(max_size=60).map("https://".__add__)
    | st.from_regex(r"https://[a-z0-9.:\[\]@%]{1,40}/?", fullmatch=True)
)
@example("https://[::ffff:127.0.0.1]:443/")
def test_any_text_is_taken_or_refused_and_what_is_taken_is_a_public_https_url(text: str) -> None:
    try:
        taken = urls.check(text, STRICT)
    except Rejected:
        return
    assert taken.lower().startswith("https://")
    host = urls._split(taken).hostname or ""
    if host.replace(".", "").isdigit() or ":" in host:
        assert STRICT.permits(host)
        ip_address(host)

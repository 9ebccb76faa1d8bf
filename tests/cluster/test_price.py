"""Prices: what the tables say, that rupees are exact until they are rounded once, and how a node's price is shared."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.cluster import instances, manifests, nodegroups, price
from mela.kernel.money import Paise

DAY = date(2026, 11, 26)
TODAY = price.tariff(DAY)
VIRGINIA = price.tariff(DAY, "us-east-1")
TYPES = sorted(TODAY.on_demand)
GIB = 2**30
amounts = st.integers(0, 64_000)


def test_an_hour_is_dollars_times_rupees_times_mumbais_premium() -> None:
    assert price.instance(TODAY, "m7g.large") == Fraction("0.0816") * Fraction("94.1") * 100 * Fraction("1.03")
    assert price.paise(price.instance(TODAY, "m7g.large")) == 791
    assert price.paise(price.instance(VIRGINIA, "m7g.large")) == 768


@pytest.mark.parametrize(
    ("type_", "usd"),
    [
        ("m7g.large", "0.0816"),
        ("m5.large", "0.096"),
        ("m6i.large", "0.096"),
        ("c6i.xlarge", "0.17"),
        ("m7i.xlarge", "0.2016"),
    ],
)
def test_two_lists_of_prices_agree(type_: str, usd: str) -> None:
    """The second: https://github.com/LeanerCloud/ec2-instances-info (2025)."""
    assert price.instance(VIRGINIA, type_) == Fraction(usd) * Fraction("94.1") * 100


def test_burstable_types_are_dearer_in_mumbai_than_the_others() -> None:
    assert price.instance(TODAY, "t4g.medium") / price.instance(VIRGINIA, "t4g.medium") == Fraction("1.25")


def test_spot_is_a_share_of_its_types_price_or_of_the_default() -> None:
    assert price.instance(TODAY, "m7g.large", is_spot=True) == price.instance(TODAY, "m7g.large") * Fraction("0.41")
    assert price.instance(TODAY, "r5.large", is_spot=True) == price.instance(TODAY, "r5.large") * Fraction("0.45")


@pytest.mark.parametrize(("region", "on"), [("eu-west-1", DAY), ("ap-south-1", date(2016, 1, 1))])
def test_a_region_or_day_that_no_table_has_is_named(region: str, on: date) -> None:
    with pytest.raises(price.Unpriced, match=rf"{region} on {on}"):
        price.tariff(on, region)


def test_an_unknown_type_or_thing_says_what_to_do() -> None:
    with pytest.raises(price.Unpriced, match=r"'x9\.huge'.*prices\.yaml"):
        price.instance(TODAY, "x9.huge")
    with pytest.raises(price.Unpriced, match="known are control-plane, egress"):
        price.other(TODAY, "elevators")


def test_other_bills_are_by_unit() -> None:
    assert price.paise(price.other(TODAY, "control-plane")) == 941
    assert price.paise(price.other(TODAY, "egress") * 10, price.HOUR_S) == 11_292


def test_every_priced_type_has_a_size() -> None:
    assert [each for each in TYPES if instances.of(each) is None] == []


def test_a_pod_pays_for_the_larger_of_what_it_asks_and_uses() -> None:
    asked, used = {"cpu": 1000, "memory": GIB}, {"cpu": 200, "memory": 3 * GIB}
    assert price.pod(TODAY, "m7g.large", asked, used) == price.pod(
        TODAY, "m7g.large", {"cpu": 1000}, {"memory": 3 * GIB}
    )


def test_a_core_weighs_as_opencost_weighs_it() -> None:
    core = price.pod(TODAY, "m7g.large", {"cpu": 1000}, {})
    gib = price.pod(TODAY, "m7g.large", {"memory": GIB}, {})
    assert core / gib == Fraction("0.031611") / Fraction("0.004237")


def test_a_pod_on_a_type_without_a_size_has_no_price() -> None:
    with pytest.raises(price.Unpriced, match=r"'x9\.huge'.*instances\.yaml"):
        price.pod(TODAY, "x9.huge", {}, {})


@given(st.sampled_from(TYPES), st.lists(st.tuples(amounts, amounts), min_size=1, max_size=8))
def test_pods_that_fill_a_node_pay_its_price_to_the_last_fraction(type_: str, cuts: list[tuple[int, int]]) -> None:
    """However capacity is cut up among them, in proportion to `cuts`."""
    has = instances.of(type_)
    assert has
    cpu, memory = sum(each for each, _ in cuts) or 1, sum(each for _, each in cuts) or 1
    shares = [(Fraction(each, cpu), Fraction(other, memory)) for each, other in cuts]
    rates = [
        price.pod(
            TODAY,
            type_,
            {"cpu": has.vcpu * 1000 * of_cpu, "memory": has.memory_mib * 2**20 * of_memory},  # type: ignore[dict-item]
            {},
        )
        for of_cpu, of_memory in shares
    ]
    whole = sum(each for each, _ in shares), sum(each for _, each in shares)
    assert sum(rates) <= price.instance(TODAY, type_)
    if whole == (1, 1):
        assert sum(rates) == price.instance(TODAY, type_)


@given(st.sampled_from(TYPES), st.integers(0, 10**9), st.integers(1, 50))
def test_rounding_happens_once_so_a_bill_is_never_half_a_paisa_off(type_: str, seconds: int, parts: int) -> None:
    rate = price.instance(TODAY, type_)
    exact = rate * seconds / price.HOUR_S
    assert abs(price.paise(rate, seconds) - exact) <= Fraction(1, 2)
    in_parts = sum(price.paise(rate, seconds // parts) for _ in range(parts)) + price.paise(rate, seconds % parts)
    assert abs(in_parts - exact) <= Fraction(parts + 1, 2)


@given(st.integers(0, 10**12))
def test_gst_is_eighteen_percent_of_the_sum_to_the_paisa(amount: int) -> None:
    gross = price.with_gst(TODAY, Paise(amount))
    assert abs((gross - amount) * 100 - amount * 18) <= 50


def test_a_node_group_is_priced_by_its_type_and_whether_it_is_spot() -> None:
    written = """
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: shop, region: ap-south-1}
managedNodeGroups:
  - {name: web, instanceType: m7g.large, minSize: 1, maxSize: 3, spot: true}
"""
    (web,) = nodegroups.read(manifests.parse(written))
    assert price.group(TODAY, web) == price.instance(TODAY, "m7g.large", is_spot=True)
    assert price.paise(price.group(TODAY, web), 3 * price.HOUR_S) == 973

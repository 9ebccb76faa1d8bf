"""`mela verify` says yes and no where the API server did, to our own objects, sound and broken; its answers are recorded."""

import pytest

from tests.cluster import broken
from tests.cluster.broken import Variant, page

VARIANTS = list(broken.variants())
BROKEN = [each for each in VARIANTS if each.change]


def test_there_are_a_hundred_broken_ones_of_every_kind_that_we_have() -> None:
    assert len(BROKEN) >= 100
    assert len({each.name for each in VARIANTS}) == len(VARIANTS)
    assert {each.object.partition("/")[0] for each in BROKEN} == {name.partition("/")[0] for name in broken.sound()}


def test_every_answer_is_recorded_and_none_of_a_variant_that_is_no_more() -> None:
    assert broken.recorded().keys() == {each.name for each in BROKEN}


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_the_verdict_is_the_api_servers_or_the_difference_is_explained(variant: Variant) -> None:
    refused = bool(broken.recorded().get(variant.name))
    found = broken.refusals(variant.text)
    assert (bool(found) == refused) is not bool(variant.why), [each.says for each in found]


@pytest.mark.parametrize("variant", [each for each in BROKEN if not each.why], ids=lambda variant: variant.name)
def test_a_refusal_is_a_sentence_says_what_happens_and_names_the_line(variant: Variant) -> None:
    for found in broken.refusals(variant.text):
        assert found.says.endswith(".")
        assert found.happens
        assert found.line > 0


def test_the_page_is_as_its_writer_would_write_it() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.text(), "run python -m tests.cluster.broken.page"

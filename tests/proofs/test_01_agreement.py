"""The API server of a cluster says to our objects, sound and broken, what is recorded of it, and `mela verify` says the same."""

import pytest

from tests.cluster import broken
from tests.cluster.broken import ask
from tests.proofs.kube.kubectl import need_cluster

pytestmark = pytest.mark.xdist_group("cluster")


@pytest.fixture(scope="module")
def answers() -> dict[str, tuple[broken.Variant, str]]:
    """What the API server says to each variant now."""
    return {each.name: (each, said) for each, said in ask.answers(broken.variants(), need_cluster().command())}


def test_every_sound_object_is_accepted_by_a_strict_dry_run(answers: dict[str, tuple[broken.Variant, str]]) -> None:
    assert {name: said for name, (each, said) in answers.items() if said and not each.change} == {}


def test_every_broken_one_gets_the_verdict_that_is_recorded(answers: dict[str, tuple[broken.Variant, str]]) -> None:
    recorded = broken.recorded()
    changed = {
        name: said for name, (each, said) in answers.items() if each.change and bool(said) != bool(recorded[name])
    }
    assert changed == {}, f"recorded of {broken.server()}; python -m tests.cluster.broken records anew"


def test_verify_gives_the_same_verdict_except_where_it_says_why_not(
    answers: dict[str, tuple[broken.Variant, str]],
) -> None:
    differing = {each.name for each, said in answers.values() if bool(said) != bool(broken.refusals(each.text))}
    assert differing == {each.name for each, _ in answers.values() if each.why}
    assert len(differing) <= 3

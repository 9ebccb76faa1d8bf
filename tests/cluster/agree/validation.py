"""Validation: the verdict, what strict decoding says, and each error's type and field.

`validation-wide` holds odd objects, decided by Kubernetes v1.36.3 and kept for the branches they reach.
"""

from typing import Any

from mela.cluster.admission import validation


def differences(case: dict[str, Any]) -> list[str]:
    """Where our errors depart from upstream's; the wording is ours."""
    ours = validation.validate(case["yaml"], case["kind"], namespace="shop")
    found = []
    if ours.verdict != case["verdict"]:
        found.append(f"verdict: ours {ours.verdict} {ours.undecodable}, upstream {case['verdict']}")
    if list(ours.strict) != case.get("strict", []):
        found.append(f"strict: ours {list(ours.strict)}, upstream {case.get('strict', [])}")
    mine = sorted((error.field, error.type) for error in ours.errors)
    theirs = sorted((error["field"], error["type"]) for error in case.get("errors", []))
    different = [error for error in sorted({*mine, *theirs}) if mine.count(error) != theirs.count(error)]
    return found + [
        f"{field}: {type_} ours {mine.count((field, type_))} times, upstream {theirs.count((field, type_))}"
        for field, type_ in different
    ]

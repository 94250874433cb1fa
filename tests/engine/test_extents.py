"""However rules name each other, they stay small enough to decide by."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from engine import BACKENDS, Engine, Fault, examine
from generator.compile.problems import Refused as Uncompiled
from generator.compile.stages import compile_universe
from tests.conftest import TODAY
from tests.engine import cloud

GATES: Final = "rules/gates.yaml"
NOTIONAL: Final = "  notional: {unit: USDT, is: order.quantity * order.price}\n"


def chain(links: int, step: str) -> dict[str, cloud.Document]:
    """Measures of which each names the one before as `@`."""
    texts = ["month.spent", *(step.replace("@", f"link_{n}") for n in range(links - 1))]
    return {f"link_{n}": {"unit": "EUR", "is": text} for n, text in enumerate(texts)}


def with_measures(measures: Mapping[str, cloud.Document], **gate: str) -> cloud.Document:
    """The cloud's rules with more measures, and with another gate where one is given."""
    document = cloud.document()
    document["measures"] |= measures
    if gate:
        document["gates"].append({"id": "more", "why": "It reads them.", "veto": "more", **gate})
    return document


def faults(document: cloud.Document) -> list[Fault]:
    """What is wrong with a document, warnings left out."""
    return [f for f in examine(document)[1] if not f.warning]


def test_measures_that_double_at_each_step_are_one_problem_at_the_smallest_that_is_too_large() -> None:
    """2 to the 60th parts, which nobody could build or walk through."""
    found = faults(with_measures(chain(60, "@ + @")))

    assert [(f.code, f.path) for f in found] == [("too-large", ("measures", "link_13"))]
    assert "32765 parts" in found[0].message


def test_a_chain_that_is_too_deep_is_one_problem() -> None:
    """A chain is counted to its end, whichever way round it is written."""
    links = chain(70, "-@")

    forward, backward = with_measures(links), with_measures(dict(reversed(links.items())))

    assert [(f.code, f.path) for f in faults(forward)] == [("too-large", ("measures", "link_40"))]
    assert [f.code for f in faults(backward)] == ["too-large"]


def test_a_chain_without_end_is_too_large_before_it_is_too_deep_for_python() -> None:
    """Also where each measure stands before the one that it names."""
    backward = with_measures(dict(reversed(chain(3000, "@").items())))

    assert {f.code for f in faults(backward)} == {"too-large"}


def test_a_gate_and_a_row_count_with_all_that_they_name() -> None:
    """Small measures named often enough are as large as one that is."""
    sum_of_all = " + ".join(f"({' + '.join(['link_10'] * 3)})" for _ in range(6))
    in_gate = with_measures(chain(11, "@ + @"), measure=sum_of_all, at_most="department.budget")
    in_row = with_measures(chain(11, "@ + @"))
    in_row["tables"]["approval"]["rows"][1]["when"] = f"{sum_of_all} > 0"

    assert [(f.code, f.path) for f in faults(in_gate)] == [("too-large", ("gates", 14))]
    assert [(f.code, f.path) for f in faults(in_row)] == [("too-large", ("tables", "approval", "rows", 1))]


@pytest.mark.parametrize("step", ["@ + @", "(@ / month.company) * @", "max(@, @ / request.term * request.term)"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_largest_rules_that_are_read_are_decided_by(step: str, backend: str) -> None:
    """The bound is low enough for whatever the engine builds of what is within it."""
    ruleset = None
    for links in range(2, 30):
        document = with_measures(chain(links, step), measure=f"link_{links - 1}", at_most="department.budget")
        larger, _ = examine(document)
        if larger is None:
            break
        ruleset = larger
    assert ruleset is not None

    decision = Engine(ruleset, backend).decide(cloud.request(month__spent="0"))

    assert decision.allowed, decision.vetoes


@pytest.mark.parametrize("number", ["1" * 41, "0." + "3" * 41, "1" + "0" * 60])
def test_a_number_in_a_rule_is_no_longer_than_one_in_a_fact(number: str) -> None:
    """Forty digits; the problem is shown at the number."""
    found = faults(with_measures({"long": {"unit": "EUR", "is": f"month.spent * {number}"}}))

    assert [(f.code, f.path, f.offset) for f in found] == [("bad-value", ("measures", "long", "is"), 14)]


def test_a_chain_in_a_rule_file_is_one_problem_at_its_line(project: Path) -> None:
    """The compile says so too, with file and line, before it writes anything."""
    path = project / GATES
    links = "".join(f"  link_{n}: {{unit: USDT, is: link_{n - 1} + link_{n - 1}}}\n" for n in range(1, 40))
    first = "  link_0: {unit: USDT, is: order.quantity * order.price}\n"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(NOTIONAL, NOTIONAL + first + links), encoding="utf-8")

    with pytest.raises(Uncompiled) as refused:
        compile_universe(project, today=TODAY)

    problems = [p for p in refused.value.problems if not p.warning]
    assert [(p.code, p.file) for p in problems] == [("too-large", GATES)]
    assert path.read_text(encoding="utf-8").splitlines()[problems[0].line - 1].startswith("  link_12:")

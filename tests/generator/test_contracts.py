"""The catalog of events and the manifest of state files are read as strictly as the rules."""

from pathlib import Path
from typing import Final

import pytest

from generator.compile.problems import Refused, report
from generator.compile.stages import Compiled, compile_universe
from tests.conftest import TODAY

EVENTS: Final = "schemas/events.yaml"
STATE: Final = "schemas/state.yaml"
RUN: Final = '      run: {unit: text, meaning: "The run\'s id, a hash of what it is a function of."}\n'
NAV: Final = "      nav: {unit: USDT, none: a price is unknown, meaning: Cash with every position at mark.}\n"


def change(project: Path, file: str, old: str, new: str) -> None:
    """Replace a text that stands in a file, the first time."""
    text = (project / file).read_text(encoding="utf-8")
    assert old in text
    (project / file).write_text(text.replace(old, new, 1), encoding="utf-8")


MISTAKES: Final = {
    "an unknown unit": (EVENTS, RUN, RUN.replace("text", "bitcoin"), "unknown-unit no unit is called `bitcoin`"),
    "an unknown key": (EVENTS, RUN, RUN.replace("meaning", "why"), "unknown-key `why` is no key here"),
    "no meaning": (EVENTS, RUN, "      run: {unit: text}\n", "missing-key `meaning` is missing"),
    "words without an enum": (EVENTS, RUN, RUN.replace("text,", "text, values: [a],"), "an enum has `values`"),
    "an enum without words": (EVENTS, RUN, RUN.replace("text", "enum"), "an enum has `values`"),
    "an unknown record": (STATE, "record: own_position", "record: position", "no record is called `position`"),
    "unit and record": (STATE, NAV, NAV.replace("unit: USDT", "unit: USDT, record: share"), "a `unit`, or a `record`"),
    "neither": (STATE, NAV, NAV.replace("unit: USDT, ", ""), "a `unit`, or a `record`"),
    "no frequency": (STATE, "    frequency: 1s\n", "", "missing-key `frequency` is missing"),
    "a bad frequency": (STATE, "frequency: 1s", "frequency: often", "bad-value `often`"),
    "no owner": (STATE, "    owner: execution/state/lines.py\n", "", "missing-key `owner` is missing"),
    "a tab": (STATE, "format: 1", "format:\t1", "tab a tab"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_contract_is_a_problem_with_its_place(mistake: str, project: Path) -> None:
    """One problem, in the file and on its line; nothing is compiled."""
    file, old, new, message = MISTAKES[mistake]
    change(project, file, old, new)

    with pytest.raises(Refused) as refused:
        compile_universe(project, today=TODAY)
    text = report(refused.value.problems, refused.value.texts)
    assert message in text
    assert text.startswith(f"{file}:")


@pytest.mark.parametrize("file", [EVENTS, STATE])
def test_a_missing_contract_is_a_problem(file: str, project: Path) -> None:
    """Whoever deletes it hears of it."""
    (project / file).unlink()

    with pytest.raises(Refused) as refused:
        compile_universe(project, today=TODAY)
    assert [(p.file, p.code) for p in refused.value.problems] == [(file, "no-file")]


def test_what_contracts_say_in_words_decides_nothing(project: Path, compiled: Compiled) -> None:
    """Another word for a field changes the hash of no rule."""
    change(project, EVENTS, "hash of what it is a function of", "hash of its parts")
    change(project, STATE, "Cash with every position at mark.", "What there is.")

    made = compile_universe(project, today=TODAY)
    assert made.document["ruleset"] == compiled.document["ruleset"]
    assert made.schemas["state/nav"] != compiled.schemas["state/nav"]


def test_each_field_of_a_schema_says_what_it_means(compiled: Compiled) -> None:
    """With its unit, and when it is null."""
    fields = compiled.schemas["state/nav"]["properties"]

    assert fields["nav"]["description"] == "Cash with every position at mark. USDT. Null: a price is unknown."
    assert compiled.schemas["state/nav"]["x-frequency"] == 1
    assert compiled.schemas["state/nav"]["x-file"] == "state/nav.json"
    assert all(field["description"] for field in fields.values())

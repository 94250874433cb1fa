from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from cli.main import COMMANDS
from engine.ruleset import RuleSet
from generator import scenarios
from generator.compile.files import Folder, Texts
from generator.compile.pack_schema import ANSWERS
from generator.compile.problems import Refused, report
from generator.compile.stages import Compiled
from generator.format.texts import formatted
from generator.packs import FOLDER, PRE_TRADE, Held, Pack, lacks, read_packs
from tests.conftest import ROOT

FILE: Final = f"{FOLDER}/mine.yaml"
ALLOWED: Final = "a buy exactly 1% above the mark passes"
VETOED: Final = "a buy one tick further above the mark is vetoed"
QUIET: Final = {"id": "one", "kind": "procedural", "meaning": "x", "why": "y"}


@pytest.fixture(scope="module")
def held(compiled: Compiled) -> Held:
    """The shipped rules, with their scenarios and the commands that there are."""
    found = scenarios.read_folder(ROOT, compiled.ruleset, compiled.schemas["scenarios"])
    return Held(compiled.ruleset, found, COMMANDS)


@pytest.fixture(scope="module")
def packs(compiled: Compiled, held: Held) -> dict[str, Pack]:
    """The shipped packs, by name."""
    return {pack.id: pack for pack in read_packs(Folder(ROOT), compiled.schemas["pack"], held)}


def text_of(*clauses: Mapping[str, Any]) -> str:
    """A pack of these clauses."""
    return yaml.safe_dump({"format": 1, "name": "Mine", "source": "here", "clauses": list(clauses)}, sort_keys=False)


def read(text: str, compiled: Compiled, held: Held) -> Pack:
    """A pack, from its text."""
    (pack,) = read_packs(Texts({FILE: text.encode()}), compiled.schemas["pack"], held)
    return pack


def missing(clause: Mapping[str, Any], compiled: Compiled, held: Held) -> list[str]:
    """What a clause lacks."""
    return [lack.text for lack in lacks(read(text_of({**clause, "id": "one", "meaning": "x"}), compiled, held), held)]


def in_shadow(ruleset: RuleSet, *names: str) -> RuleSet:
    """The same rules, with some of their gates and breakers only watching."""
    gates = tuple(replace(g, enforced=g.enforced and g.id not in names) for g in ruleset.gates)
    breakers = tuple(replace(b, gate=replace(b.gate, enforced=b.id not in names)) for b in ruleset.breakers)
    return replace(ruleset, gates=gates, breakers=breakers)


@pytest.mark.parametrize("name", ["rts6", "15c3-5", "fia", "field"])
def test_a_shipped_pack_lacks_nothing(name: str, packs: dict[str, Pack], held: Held) -> None:
    """A rule that stops orders answers each clause before the trade; only procedural ones stand unanswered."""
    assert list(lacks(packs[name], held)) == []
    assert {c.kind for c in packs[name].clauses if not c.answered} <= {"procedural"}


def test_the_clauses_before_the_trade_are_the_regulations_own(packs: dict[str, Pack]) -> None:
    """All of article 15, all of (c)(1), and every control of the industry's list before the trade are called so."""
    of = {name: {c.id for c in pack.clauses if c.kind == PRE_TRADE} for name, pack in packs.items()}

    assert {f"art. 15({n})" for n in ("1)(a", "1)(b", "1)(c", "1)(d", "2", "3", "4", "5", "6")} <= of["rts6"]
    assert {c.partition(" ")[0] for c in of["15c3-5"]} == {"(c)(1)(i)", "(c)(1)(ii)"}
    assert {"maximum order size", "maximum intraday position", "price tolerance", "message throttle"} <= of["fia"]


def test_when_a_gate_goes_into_shadow_then_each_clause_that_names_it_lacks_something(
    packs: dict[str, Pack], held: Held
) -> None:
    """A gate that only watches answers nothing."""
    ruleset = in_shadow(held.ruleset, "price_collar", "repeated_orders")
    found = {(lack.clause, lack.text) for lack in lacks(packs["rts6"], replace(held, ruleset=ruleset))}

    assert found == {
        ("art. 15(1)(a)", "gate `price_collar` is in shadow, and stops nothing"),
        ("art. 15(3)", "breaker `repeated_orders` is in shadow, and stops nothing"),
    }


def every_answer(packs: dict[str, Pack]) -> Iterator[tuple[str, str]]:
    """Each answer of each clause, with its part."""
    for pack in packs.values():
        for clause in pack.clauses:
            yield from ((part, name) for part, names in clause.answers.items() for name in names)


def test_every_gate_and_breaker_of_the_rules_answers_somebody(packs: dict[str, Pack], held: Held) -> None:
    """What no regulation and none of the field asks for is our own, and said here."""
    named = {name for part, name in every_answer(packs) if part in ("gates", "breakers")}
    ours = {g.id for g in held.ruleset.gates if not g.id.endswith("_held")} - named

    assert ours == {"position_cvar"}


@pytest.mark.parametrize(
    ("clause", "lacking"),
    [
        ({"kind": "pre-trade", "commands": ["kill"]}, "no gate and no breaker answers it"),
        ({"kind": "pre-trade", "gates": ["spread"]}, "no scenario that it names is stopped by what answers it"),
        (
            {"kind": "pre-trade", "gates": ["price_collar"], "scenarios": [ALLOWED]},
            "no scenario that it names is stopped by what answers it",
        ),
        (
            {"kind": "pre-trade", "gates": ["spread"], "scenarios": [VETOED]},
            "no scenario that it names is stopped by what answers it",
        ),
        ({"kind": "monitoring", "why": "x"}, "nothing answers it, and it is not procedural"),
        ({"kind": "monitoring", "scenarios": [VETOED]}, "nothing answers it, and it is not procedural"),
        ({"kind": "procedural"}, "nothing answers it, and it does not say why"),
    ],
)
def test_a_clause_that_nothing_answers_is_said_to_lack_it(
    clause: Mapping[str, Any], lacking: str, compiled: Compiled, held: Held
) -> None:
    """By its kind."""
    assert missing(clause, compiled, held) == [lacking]


@pytest.mark.parametrize(
    "clause",
    [
        {"kind": "pre-trade", "gates": ["price_collar"], "scenarios": [VETOED]},
        {"kind": "monitoring", "windows": ["orders_1m"]},
        {"kind": "procedural", "why": "People do it."},
        {"kind": "procedural", "commands": ["diff"]},
    ],
)
def test_a_clause_that_is_answered_as_its_kind_asks_lacks_nothing(
    clause: Mapping[str, Any], compiled: Compiled, held: Held
) -> None:
    """By its kind."""
    assert missing(clause, compiled, held) == []


MISTAKES: Final = {
    "a gate that there is not": text_of({**QUIET, "gates": ["spred"]}),
    "a breaker that there is not": text_of({**QUIET, "breakers": ["drawdwn"]}),
    "a window that there is not": text_of({**QUIET, "windows": ["orders_2m"]}),
    "a table that there is not": text_of({**QUIET, "tables": ["rout"]}),
    "a command that there is not": text_of({**QUIET, "commands": ["stop"]}),
    "a scenario that there is not": text_of({**QUIET, "scenarios": ["a buy passes, probably"]}),
    "a clause twice": text_of(QUIET, dict(QUIET)),
    "another kind": text_of({**QUIET, "kind": "after"}),
    "an unknown key": text_of({**QUIET, "rules": ["spread"]}),
    "no clause": text_of(),
    "a tab": "format: 1\nname:\tMine\n",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_pack_is_a_problem_with_its_place(
    mistake: str, compiled: Compiled, held: Held, snapshot: SnapshotAssertion
) -> None:
    """As in any file of rules: line, column, and what to write."""
    with pytest.raises(Refused) as refused:
        read(MISTAKES[mistake], compiled, held)

    assert report(refused.value.problems, refused.value.texts) == snapshot


def test_without_the_folder_there_are_no_packs(tmp_path: Path, compiled: Compiled, held: Held) -> None:
    """A project need not answer to anybody."""
    assert read_packs(Folder(tmp_path), compiled.schemas["pack"], held) == []


def test_a_pack_that_is_no_text_is_a_problem(compiled: Compiled, held: Held) -> None:
    """Bytes that are not UTF-8, or too many of them."""
    for raw in (b"format: 1\n\xff", b"#" * 2_000_001):
        with pytest.raises(Refused):
            read_packs(Texts({FILE: raw}), compiled.schemas["pack"], held)


def test_every_part_that_may_answer_is_a_key_of_the_schema(compiled: Compiled) -> None:
    """What a clause may name is what it is held to."""
    clause = compiled.schemas["pack"]["properties"]["clauses"]["items"]["properties"]

    assert clause.keys() - {"id", "kind", "meaning", "why"} == ANSWERS.keys()


def test_the_shipped_packs_are_written_as_they_are_formatted(compiled: Compiled) -> None:
    """`hedgerow fmt` leaves them as they stand."""
    for path in sorted((ROOT / FOLDER).glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert formatted(f"{FOLDER}/{path.name}", text, compiled.schemas["pack"]) == text

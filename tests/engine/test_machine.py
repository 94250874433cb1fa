"""The machine says of float programs what Python says of them; without it the desk decides the same."""

import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine import Engine
from engine.backends import assembler
from engine.backends.assembler import BUILT
from engine.backends.guarded import GuardedPrograms
from engine.desk import Desk, Record, Unusual
from engine.ruleset import RuleSet
from research.bench.deciding import ORDER, Gate
from research.bench.workload import caps, ruleset
from research.bench.workload import cases as bench_cases
from tests.engine.random_rules import Case, cases, engines, thorough
from tests.engine.test_desk import records_of
from tests.engine.test_leeway import desk, gate
from universe.reader import load

ROOT = Path(__file__).parents[2]
TESTS = ["-q", "-p", "no:xdist", "-p", "no:cacheprovider", "tests/engine/test_desk.py", "tests/engine/test_leeway.py"]
# Runs tests as where nothing was built.
WITHOUT = """
import sys
sys.modules.update({f"engine.backends.{name}": None for name in ("machine", "native", "texts")})
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""
built = pytest.mark.skipif(not BUILT, reason="the machine was not built: there is no compiler")


def of_all(rules: RuleSet) -> Iterator[tuple[Any, Any, Any]]:
    """Each subject and actor, and their programs where the facts of an order are given anew each time."""
    desk = Desk(Engine(rules))
    own = [name for name in rules.catalog.facts if name.startswith("order.") and name in desk.slots]
    programs = GuardedPrograms(rules, desk.engine.reader, own)
    for subject in rules.subjects.values():
        for actor in rules.actors or [None]:
            yield subject, actor, programs.of(subject, actor)


@built
def test_what_is_built_is_of_these_sources() -> None:
    """Else it decides by yesterday's code: `make` builds anew."""
    folder = ROOT / "engine/backends"
    sources = max(path.stat().st_mtime for path in folder.iterdir() if path.suffix in (".pyx", ".pxd"))
    found = [
        path
        for name in ("machine", "native", "texts")
        for path in folder.glob(f"{name}.*")
        if path.suffix in (".so", ".pyd")
    ]

    assert len(found) >= 3
    assert [path.name for path in found if path.stat().st_mtime < sources] == []


@built
@pytest.mark.parametrize("shipped", [True, False])
def test_what_is_shipped_and_what_is_measured_runs_in_the_machine(shipped: bool) -> None:
    """Of every subject and actor, so that no rule makes decisions slow without a word."""
    rules = load(ROOT / "universe/universe.json").ruleset if shipped else ruleset()

    slow = [(subject.key, actor) for subject, actor, of in of_all(rules) if type(of.run.__self__).__name__ != "Machine"]

    assert slow == []


@built
@thorough(200)
@given(cases())
def test_the_machine_notes_the_gates_that_python_notes(case: Case) -> None:
    """Those that veto, and those in doubt, in the same order; or that the interpreter must say."""
    fast, _ = engines(case.document)
    for _, record in records_of(Desk(fast), case):
        if not isinstance(record, Unusual):
            assert said(record.guarded.run, record, record.floats) == said(*in_python_alone(record))


def said(run: Any, record: Record, own: Any) -> Any:
    """What a program says of a record; None too where something is missing for it."""
    try:
        return run(record.standing, own, record.raws)
    except TypeError:
        return None


def in_python_alone(record: Record) -> tuple[Any, Record, tuple[Any, ...]]:
    """The program of a record as where there is no machine, and its own facts as that takes them."""
    engine = record.engine
    values = dict(zip(record.guarded.own, record.raws, strict=True))
    head = engine.ruleset.head
    subject, actor = (
        None if part is None else values.get(part.key, of_standing)
        for part, of_standing in ((head.subject, record.standing.subject), (head.actor, record.standing.actor))
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assembler, "machine", None)
        programs = GuardedPrograms(engine.ruleset, engine.reader, record.guarded.own)
        return programs.of(engine.ruleset.subjects.get(subject), actor).run, record, programs.floats(record.raws)


@built
def test_without_a_machine_the_desk_says_the_same() -> None:
    """What is installed where there is no compiler decides the same, only slower: its own tests say so."""
    asked = subprocess.run(
        [sys.executable, "-c", WITHOUT, *TESTS], cwd=ROOT, capture_output=True, text=True, timeout=300
    )

    assert asked.returncode == 0, asked.stdout
    assert " passed" in asked.stdout


@built
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
@example(Decimal("-0"))
@example(Decimal("9007199254740993"))
@example(Decimal("0.000000000000001"))
@example(Decimal("-123456789.0123456"))
@example(Decimal("96.48064786969079"))
@example(Decimal("1E+20"))
def test_a_number_is_taken_as_the_float_nearest_to_it(number: Decimal) -> None:
    """However it is written: few digits are read here, and all others by Python."""
    by = desk(gate("any", measure="f.any", at_most="f.room"))
    take, facts = by.intake("f.any"), by.standing({"f": {"room": "1"}})
    take(facts, Decimal(1))  # the first of anybody is read by Python
    record = take(facts, number)

    if not isinstance(record, Unusual):
        assert struct.unpack_from("d", record.floats) == (float(number),)


@built
def test_a_row_of_another_program_is_refused() -> None:
    """It would be read as other facts."""
    _, _, guarded = next(of_all(ruleset()))

    with pytest.raises(ValueError, match="row"):
        guarded.run(None, b"", ())
    with pytest.raises(TypeError):
        guarded.run(None, b"", None)


def code(*steps: Sequence[int], own: int = 1, facts: tuple[int, ...] = (), registers: int = 2) -> Any:
    """The steps of a program that may note one gate, each by its name and its parts as far as they are not 0."""
    whole = [(assembler.machine.OPERATIONS[what], *parts, *[0] * (7 - len(parts))) for what, *parts in steps]
    return assembler.machine.Code(whole, own, facts, (), (), (), registers, 1)


@built
@pytest.mark.parametrize(
    "steps",
    [
        (),
        [("copy", 0, 1)],
        [("copy", 2, 0), ("answer",)],
        [("copy", -1, 0), ("answer",)],
        [("add_product", 0, 0, 0, 2), ("answer",)],
        [("if_at_most_product", 1, 0, 0, -1), ("answer",)],
        [("go", 2), ("answer",)],
        [("answer",), ("go", 0), ("answer",)],
        [("if_compared", 1, 0, 0, 0, 1, 1, 6), ("answer",)],
        [("note", 0, 1), ("answer",)],
        [("note", 0, 0), ("note", 0, 0), ("answer",)],
        [("note_unsure", 0, -2), ("answer",)],
        [("note_unsure", 0, 0), ("answer",)],
    ],
)
def test_steps_about_what_is_not_there_are_no_program(steps: Sequence[Sequence[Any]]) -> None:
    """The machine runs without looking: its steps stay among its registers and gates, go on, and end in an answer."""
    with pytest.raises(ValueError, match=r"no such step|without an answer"):
        code(*steps)


@built
def test_what_does_not_belong_to_a_program_is_refused() -> None:
    """Places and registers that it does not have, values that are not bound, no program at all."""
    machine = assembler.machine
    asks = code(("if_true", 1, 5, 0, 0, machine.BANKS["bound"]), ("answer",))

    with pytest.raises(ValueError, match="place"):
        code(("answer",), facts=(-1,))
    with pytest.raises(ValueError, match="registers"):
        code(("answer",), own=3)
    with pytest.raises(IndexError, match="register"):
        machine.Machine(machine.Code([(machine.OPERATIONS["answer"], *[0] * 7)], 0, (), (), (), ((2, 1.0),), 2, 1), ())
    with pytest.raises(IndexError):
        machine.Machine(asks, ()).run(None, bytes(8), (1.0,))
    with pytest.raises(TypeError):
        machine.Machine(None, ())


@built
def test_an_intake_leaves_to_others_what_a_program_of_other_facts_would_read() -> None:
    """Its values would not fit into a row of that program."""
    _, _, guarded = next(of_all(ruleset()))
    standing, kind = Desk(Engine(ruleset())).standing({}), (assembler.native.KINDS["number"], True, True, False, None)
    bound = {"engine": standing.engine, "programs": {(None, None): guarded}, "number": Decimal, "check": Decimal}
    otherwise = {"record": Record, "otherwise": lambda standing, raws: len(raws)}
    many = 100_000
    take = assembler.native.Intake([kind] * many, -1, -1, bound | otherwise).take

    assert take(standing, *[Decimal(1)] * many) == many


@built
def test_a_verdict_stays_as_it_was_made() -> None:
    """Nothing takes it apart and puts it together otherwise."""
    by = desk(gate("any", measure="f.any", at_most="f.room"))
    verdict = by.intake("f.any")(by.standing({"f": {"room": "1"}}), Decimal(2)).decide()

    with pytest.raises(AttributeError):
        verdict.allowed = True  # type: ignore[misc]
    for part in (verdict, verdict.record):
        assert not hasattr(part, "__setstate_cython__")
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(part)


class Asking:
    """A number that asks something from another thread while it is compared, once."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self.said: list[Any] = []
        self._thread = threading.Thread(target=lambda: self.said.append(ask()))

    def __le__(self, other: object) -> bool:
        if self._thread.ident is None:
            self._thread.start()
            self._thread.join()
        return False


@built
def test_when_it_is_asked_while_it_runs_then_each_gets_its_own_answer() -> None:
    """The registers of one are not those of the other."""
    of, leverage, (_, symbols) = Gate(), ORDER.index("leverage"), caps(Decimal)
    records = []
    for standing, order in of.standing(bench_cases(400)):
        if order[0] in symbols:  # at its cap, where floats don't say it all
            order[leverage] = symbols[order[0]]["leverage"]
            records.append(of.take(standing, *order))
    one, other, *_ = [r for r in records if r.raws[0] == records[0].raws[0] and not r.decide().said]
    run, asking = one.guarded.run, Asking(lambda: run(other.standing, other.floats, other.raws))
    raws = tuple(asking if place == leverage else value for place, value in enumerate(one.raws))

    assert run(one.standing, one.floats, raws) == (5,)  # the place of the gate of leverage
    assert asking.said == [()]

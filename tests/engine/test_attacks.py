"""What an enemy of the gate would try: none of it gets an order through, and none of it holds an exit."""

import json
import random
import sys
from collections.abc import Iterator, Mapping
from copy import deepcopy
from decimal import Decimal
from threading import Thread
from typing import Any, Final

import pytest

from cli.stream import Block, decide_block
from engine import BACKENDS, Decision, Engine, read
from research.intents import stream
from tests.engine import cloud
from universe.quiet import quiet_facts
from universe.reader import Universe

Facts = dict[str, Any]
HOSTILE: Final = (
    *("NaN", "-1", "0", "1e40", "1e-40", "1e999999", "-999999999", "abc", "", "1" * 60, "\ud800", "%s%%"),
    *(None, True, False, [], ["BUY"], {"a": 1}, 0.5, 10**90),
)
EXIT: Final = {
    "order": {"symbol": "BTCUSDT", "side": "SELL", "price": "87500", "quantity": "0.5"},
    "own": {"quantity": "0.5", "reducing": "0"},
    "control": {"halt": False},
    "breakers": {"halt": False},
}


@pytest.fixture(scope="module")
def engines(universe: Universe) -> tuple[Engine, Engine]:
    """The shipped rules, in both backends."""
    fast, slow = (Engine(universe.ruleset, backend) for backend in BACKENDS)
    return fast, slow


@pytest.fixture(scope="module")
def troubled(universe: Universe) -> list[Facts]:
    """Intents with up to three facts replaced by something hostile, many of them too large."""
    dice = random.Random(41)
    found = []
    for facts in list(stream(universe, 1200, seed=17)):
        if dice.random() < 0.4:
            facts["order"]["quantity"] = str(Decimal(facts["order"]["quantity"]) * dice.choice([3, 10, 100]))
        for _ in range(dice.choice([0, 0, 1, 2, 3])):
            group = dice.choice([*facts])
            facts[group][dice.choice([*facts[group]])] = dice.choice(HOSTILE)
        found.append(facts)
    return found


def supplied(engine: Engine) -> list[tuple[str, str]]:
    """Group and name of every fact that a caller gives."""
    parts = [fact.name.split(".") for fact in engine.ruleset.supplied]
    return [(group, name) for group, name in parts]


def test_hostile_facts_are_decided_alike_and_never_by_failing(
    engines: tuple[Engine, Engine], troubled: list[Facts]
) -> None:
    """Both backends give the same bytes, and no gate has to be guessed at because the engine gave up."""
    fast, slow = engines
    for facts in troubled:
        decision = fast.decide(facts)

        assert decision.to_json() == slow.decide(facts).to_json()
        assert "engine_error" not in decision.reasons


def test_the_largest_quantity_passes_when_it_is_decided_again(
    engines: tuple[Engine, Engine], troubled: list[Facts]
) -> None:
    """But for gates that were left out and named, nothing vetoes it; and one step more does not pass."""
    fast, _ = engines
    shrunk = 0
    for facts in troubled:
        decision = fast.decide(facts)
        if decision.largest is None:
            continue
        asked, smaller = Decimal(str(facts["order"]["quantity"])), Decimal(decision.largest)
        again = fast.decide(sized(facts, smaller))
        shrunk += smaller < asked

        assert smaller <= asked
        assert stopping(again) <= set(fast.decide(facts).left_out)
        step = fast.ruleset.subjects[str(decision.subject)].facts["symbol.step"]
        assert isinstance(step, Decimal)
        if smaller + step <= asked:
            assert stopping(fast.decide(sized(facts, smaller + step))) - set(decision.left_out)
    assert shrunk > 100


def sized(facts: Facts, quantity: Decimal) -> Facts:
    """The same facts with another quantity."""
    return {**facts, "order": {**facts["order"], "quantity": quantity}}


def stopping(decision: Decision) -> set[str | None]:
    """The gates that veto."""
    return {gate for veto in decision.vetoes for gate in (veto.gates or (veto.gate,))}


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda value: ascii(value)[:12])
def test_no_fact_but_those_of_its_form_holds_an_exit(
    universe: Universe, engines: tuple[Engine, Engine], hostile: object
) -> None:
    """Whatever any other fact holds, each alone and all together, a position can be left; but for a person's halt."""
    quiet = quiet_facts(universe, "BTCUSDT", Decimal(250_000))
    quiet = {group: {**quiet.get(group, {}), **EXIT.get(group, {})} for group in {*quiet, *EXIT}}
    others = [(g, n) for g, n in supplied(engines[0]) if n not in EXIT.get(g, {})]
    everything = deepcopy(quiet)
    for group, name in others:
        one = {**quiet, group: {**quiet.get(group, {}), name: hostile}}
        everything.setdefault(group, {})[name] = hostile

        assert all(engine.decide(one).allowed for engine in engines), name
    assert all(engine.decide(everything).allowed for engine in engines)


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [
        ("order", "side", "BUY"),
        ("order", "quantity", "0.501"),
        ("order", "quantity", "-0.5"),
        ("order", "quantity", "0"),
        ("own", "quantity", "-0.5"),
        ("own", "quantity", "0"),
        ("own", "reducing", "0.001"),
        ("own", "reducing", "-0.001"),
        ("own", "quantity", None),
        ("own", "reducing", None),
        ("order", "side", None),
    ],
)
def test_what_is_no_exit_is_held_by_the_kill_switch(
    engines: tuple[Engine, Engine], group: str, name: str, value: str | None
) -> None:
    """An order that adds, turns the position round, or of which nobody knows, is not let through as an exit."""
    facts = deepcopy(EXIT) | {"control": {"kill_switch": True, "halt": False}}
    assert all(engine.decide(facts).allowed for engine in engines)
    facts[group][name] = value  # type: ignore[assignment]

    assert all("kill_switch" in engine.decide(facts).reasons for engine in engines)


def test_threads_may_share_an_engine(engines: tuple[Engine, Engine], troubled: list[Facts]) -> None:
    """Decisions and answers made side by side are those made one after another."""
    fast, _ = engines
    asked = troubled[:250]
    expected = [said(fast, facts) for facts in asked]
    shared = Engine(fast.ruleset)
    wrong: list[object] = []

    def ask(seed: int) -> None:
        for number in random.Random(seed).sample(range(len(asked)), len(asked)):
            try:
                if said(shared, asked[number]) != expected[number]:
                    wrong.append(number)
            except Exception as error:  # whatever it is, the test shows it
                wrong.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [Thread(target=ask, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)

    assert wrong == []


def said(engine: Engine, facts: Facts) -> tuple[str, ...]:
    """A decision and the answers of all tables, as texts."""
    snapshot = engine.reader.read(facts)
    answers = (repr(engine.answer(table, snapshot)) for table in engine.ruleset.tables)
    return engine.decide_snapshot(snapshot).to_json(), *answers


def test_facts_read_for_other_rules_decide_nothing() -> None:
    """After new rules were swapped in, what was read for the old ones is not taken for something else."""
    old, new = cloud.engine(), Engine(read(cloud.document()))
    facts = old.reader.read(cloud.request())

    decision = new.decide_snapshot(facts)

    assert decision.reasons == ("engine_error",)
    assert "another rule set" in decision.vetoes[0].text
    with pytest.raises(ValueError, match="another rule set"):
        new.answer("approval", facts)


class Trap(dict[str, Any]):
    """Facts whose producer fails while they are read."""

    def items(self) -> Any:
        """Fails."""
        raise ConnectionError("the ledger is gone")


class Bottomless(Mapping[str, Any]):
    """A mapping that holds itself."""

    def __getitem__(self, name: str) -> Any:
        return self

    def __iter__(self) -> Iterator[str]:
        return iter(["request"])

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize("facts", [Trap(), {"request": Trap()}, Bottomless(), [], None, 5, "facts", {5: {}}, {"": {}}])
def test_facts_that_can_not_be_read_are_a_veto(facts: Any) -> None:
    """Whoever hands them over, and however it fails, nothing passes and nothing is raised."""
    for _ in range(2):
        decision = cloud.engine().decide(facts)

        assert not decision.allowed
        assert decision.reasons in {("input_invalid",), ("engine_error",), ("facts_missing",)}


QUIET: Final = json.dumps(cloud.request())
ODD: Final[tuple[str | bytes, ...]] = (
    QUIET.replace('"price":', '"price": "1", "price":'),
    QUIET.replace('"price":', '"pri\\u0063e": "1", "price":'),
    QUIET[:-1] + ', "request": {"price": "1"}}',
    QUIET.replace('"2.5"', "9" * 5000),
    QUIET.replace('"2.5"', "NaN"),
    QUIET.replace('"2.5"', "-Infinity"),
    QUIET.replace('"2.5"', "1e999999"),
    QUIET.replace('"2.5"', "true"),
    QUIET.replace('"2.5"', "[" * 900 + "]" * 900),
    QUIET.replace('"2.5"', '"' + "1" * 100_000 + '"'),
    QUIET.replace('"2.5"', '"\u0662"'),
    QUIET.replace("false", '"false"'),
    QUIET.replace("false", "0"),
    QUIET.replace('"research"', '"\\ud800"'),
    QUIET.replace('"machines"', '"\\ud800\\u001b[31m\\n2:1: forged"'),
    QUIET.replace("eu-west", "\x00"),
    QUIET + " {}",
    QUIET.encode("utf-16"),
    QUIET.encode("utf-8-sig"),
    b"\xff\xfe",
    "[" * 100_000,
    '{"a":' * 100_000,
    '{"' + "k" * 200_000 + '": 1}',
    "null",
    '"request"',
    "{}",
    "[]",
)


def test_an_odd_line_is_one_veto_and_says_so_on_one_line() -> None:
    """Each has its own answer, the lines beside it are decided as ever, and no message can forge another line."""
    lines = [QUIET.encode()]
    for odd in ODD:
        lines += [odd.encode() if isinstance(odd, str) else odd.replace(b"\n", b""), QUIET.encode()]
    expected = cloud.engine().decide(cloud.request()).to_json()

    answer = decide_block(Engine(cloud.ruleset()), "order", Block(1, b"\n".join(lines)))

    decisions = answer.text.decode("ascii").splitlines()
    assert decisions[::2] == [expected] * (len(ODD) + 1)
    assert [json.loads(line)["decision"] for line in decisions[1::2]] == ["veto"] * len(ODD)
    assert answer.allowed == len(ODD) + 1
    for complaint in answer.complaints:
        problem, *help_line = complaint.split("\n")
        assert problem.isprintable()
        assert len(problem) < 200
        assert all(line.startswith("help: ") and line.isprintable() for line in help_line)

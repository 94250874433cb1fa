"""What a change of waivers is called: whatever is not surely less of it is loosening."""

from typing import Final

import pytest

from generator.change.changes import Change
from generator.change.differ import compare
from tests.generator.change.projects import rules_of, shipped

FILE: Final = "rules/waivers.yaml"
NONE: Final = b"waivers: {}"
GIVEN: Final = "{why: By hand., by: ada, gate: symbol_exposure, symbol: BTCUSDT, until: 2027-01-31T18:00Z}"


def found(old: str | None, new: str | None, *, file: str = "", was: str = "", now: str = "") -> list[Change]:
    """What changed between two sets of waivers, and between two texts of another file."""
    sides = []
    for waiver, text in ((old, was), (new, now)):
        texts = dict(shipped())
        if waiver is not None:
            assert NONE in texts[FILE]
            texts[FILE] = texts[FILE].replace(NONE, f"waivers:\n  unwind: {waiver}".encode())
        if file:
            assert was.encode() in texts[file]
            texts[file] = texts[file].replace(was.encode(), text.encode(), 1)
        sides.append(rules_of(texts))
    return [change for change in compare(*sides) if change.kind != "text"]


def test_when_a_waiver_is_given_then_it_loosens_and_names_its_line() -> None:
    """A gate lets pass what it stops, whoever says so."""
    (change,) = found(None, GIVEN)

    assert (change.word, change.name, change.before) == ("LOOSEN", "waiver unwind", None)
    assert change.after == "symbol_exposure for BTCUSDT until 2027-01-31T18:00:00Z, by ada"
    assert str(change.now).startswith(f"{FILE}:")


def test_when_a_waiver_is_gone_then_it_tightens() -> None:
    """What it let pass is vetoed again."""
    (change,) = found(GIVEN, None)

    assert (change.word, change.after) == ("TIGHTEN", None)


@pytest.mark.parametrize(
    ("was", "now", "word"),
    [
        ("2027-01-31", "2027-01-30", "TIGHTEN"),
        ("2027-01-31", "2027-02-01", "LOOSEN"),
        ("BTCUSDT", "ETHUSDT", "LOOSEN"),
        ("symbol: BTCUSDT", "symbol: BTCUSDT, strategy: momentum", "LOOSEN"),
        ("symbol_exposure", "spread", "LOOSEN"),
        ("ada", "bo", "COSMETIC"),
        ("By hand", "With care", "COSMETIC"),
    ],
)
def test_when_a_waiver_is_edited_then_its_class_is_what_it_lets_pass(was: str, now: str, word: str) -> None:
    """Less time is tighter; another gate or somebody else is another waiver."""
    (change,) = found(GIVEN, GIVEN.replace(was, now))

    assert change.word == word


@pytest.mark.parametrize(("now", "word"), [("35%", "TIGHTEN"), ("45%", "LOOSEN")])
def test_when_global_moves_then_the_waiver_goes_as_far_as_it(now: str, word: str) -> None:
    """What holds for everybody is what is let pass, so a waiver moves with it, and says so."""
    told = found(GIVEN, GIVEN, file="rules/risk.yaml", was="  symbol_exposure: 40%", now=f"  symbol_exposure: {now}")

    assert [change.word for change in told if change.name == "waiver unwind"] == [word]


def test_when_a_waived_gate_is_edited_then_nothing_better_than_loosening_is_claimed() -> None:
    """A bound that is lower for whom it was compared may be higher for whom it is waived."""
    bound = "caps.symbol_exposure\n"
    edit = {"file": "rules/gates.yaml", "was": f"    at_most: {bound}", "now": f"    below: {bound}"}
    plain, waived = found(None, None, **edit), found(GIVEN, GIVEN, **edit)
    words = [[c.word for c in told if c.name.startswith("gate symbol_exposure:")] for told in (plain, waived)]

    assert words == [["TIGHTEN"], ["LOOSEN"]]

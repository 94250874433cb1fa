"""The search itself: that it finds what is there to be found, and says it so that it can be tried again."""

import ast
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Hashable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fuzz.__main__ import DOORS as NAMES
from tests.fuzz.altered import altered, path_to
from tests.fuzz.chance import Finding, attempt, known_inputs, learn, search, smallest
from tests.fuzz.targets import DOORS, base, reader
from universe.reader import fingerprint
from universe.reader import parse as read


def _opened(monkeypatch: pytest.MonkeyPatch, comes_to: Callable[[bytes], Hashable]) -> None:
    monkeypatch.setitem(DOORS, "parser", replace(DOORS["parser"], comes_to=comes_to))  # type: ignore[misc]


def test_the_command_knows_each_door() -> None:
    """The names that the command offers, before it may import anything, are those of the doors."""
    assert tuple(DOORS) == NAMES


def test_a_fault_behind_a_word_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that only two words together show is found; nothing is left of its input but the two."""

    def comes_to(data: bytes) -> Hashable:
        if b"lambda" in data and b"**" in data:
            raise KeyError("lambda")
        return b"lambda" in data, b"**" in data

    real = DOORS["parser"]
    monkeypatch.setitem(DOORS, "parser", replace(real, comes_to=comes_to, words=lambda: [*real.words(), b" lambda "]))
    finding = search("parser", 20, seed=1).finding
    assert finding is not None
    assert len(finding.data) == len(b"lambda**")
    assert finding.error.startswith("KeyError at test_chance.py:")


def test_what_never_ends_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A door that is kept busy is stopped, and its input said."""

    def comes_to(data: bytes) -> Hashable:
        while data:
            pass
        return None

    _opened(monkeypatch, comes_to)
    monkeypatch.setattr("tests.fuzz.chance.SLOWEST", 0.05)
    error = attempt("parser", b"x")[1]
    assert error is not None
    assert error.startswith("TooSlow")
    assert attempt("parser", b"") == (None, None)


def test_another_error_is_not_taken_for_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making an input smaller never ends at an input that shows something else."""

    def comes_to(data: bytes) -> Hashable:
        if data.count(b"a") >= 3:
            raise KeyError("three")
        raise IndexError("fewer")

    _opened(monkeypatch, comes_to)
    data = b"banana and more"
    error = attempt("parser", data)[1] or ""
    assert smallest(Finding("parser", data, error)).data == b"aaa"


def test_a_finding_is_tried_again_by_what_it_says() -> None:
    """The line that is printed, given to a shell, tries the same bytes."""
    finding = Finding("parser", b'it\'s \x00 "\xff" $HOME\n', "KeyError: x")
    line = str(finding).splitlines()[-1].partition(": ")[2]
    program, *arguments = shlex.split(line)
    assert program == "python"
    assert ast.literal_eval(arguments[-1]) == finding.data
    ran = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "parser: held\n"), ran.stderr


def test_what_is_learnt_is_what_later_searches_begin_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short inputs of new kinds alone, each once; what is known is kept."""
    corpus = tmp_path / "corpus.json"
    corpus.write_text(json.dumps({"parser": ["a"]}), encoding="utf-8")
    monkeypatch.setattr("tests.fuzz.chance.CORPUS", corpus)
    before = known_inputs("parser")
    kinds = {"known": b"a", "new": b"\xff(", "long": b"1" * 1000, "other": b"known("}

    assert (learn("parser", kinds), learn("parser", kinds)) == (2, 0)
    assert known_inputs("parser") == [*before, b"\xff(", b"known("]


def test_the_same_seed_tries_the_same() -> None:
    """What one run found, another run of the same seed comes to, if it takes as long."""
    seen: list[list[bytes]] = [[], []]
    real = DOORS["parser"]
    for inputs in seen:

        def comes_to(data: bytes, inputs: list[bytes] = inputs) -> Hashable:
            inputs.append(data)
            return len(data)

        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(DOORS, "parser", replace(real, comes_to=comes_to))  # type: ignore[misc]
            search("parser", 0.2, seed=7)
    shared = min(map(len, seen))
    assert shared > 100
    assert seen[0][:shared] == seen[1][:shared]


def test_the_universe_that_is_altered_is_read_and_decides() -> None:
    """Else each edit of it would be refused for a fault that it has from the beginning."""
    assert read(json.dumps(base())).ruleset.breakers
    tighter = path_to(base(), "symbols", "BTCUSDT", "caps", "order_notional") + b'="1"'
    assert (reader(b"\x00=1"), reader(tighter)) == (frozenset(), {"order_notional"})


@pytest.mark.parametrize(("operator", "expected"), [(b'="x"', "x"), (b"=5", 5), (b"=five", "five"), (b"=null", None)])
def test_an_edit_puts_its_value_where_its_path_leads(operator: bytes, expected: object) -> None:
    """The part is replaced, nothing else is, and the document is sealed again."""
    path = path_to(base(), "symbols", "BTCUSDT", "tier")
    made = altered(base(), path + operator)
    assert made["symbols"]["BTCUSDT"].pop("tier") == expected
    assert made["universe"] == fingerprint(altered(base(), path + operator))
    assert made["gates"] == base()["gates"]


def test_edits_take_out_rename_and_copy() -> None:
    """Several edits, one a line; each finds the document as the one before left it."""
    gates, tier = path_to(base(), "gates"), path_to(base(), "symbols", "BTCUSDT", "tier")
    made = altered(base(), tier + b"~rank\n" + gates + b"@" + path_to(base(), "symbols"))
    assert "tier" not in made["symbols"]["BTCUSDT"]
    assert made["symbols"]["BTCUSDT"]["rank"] == "CORE"
    assert made["gates"] == made["symbols"]
    assert "gates" not in altered(base(), gates + b"-")

from pathlib import Path
from typing import Any, Final

import pytest

from generator.change.changes import Change
from generator.change.words import Class
from generator.compile.text import read_text
from tests.generator.change.projects import Edit, changes, told

FILE: Final = Path(__file__).with_name("kinds.yaml")
KINDS: Final[dict[str, dict[str, Any]]] = {
    entry["kind"]: entry for entry in read_text(FILE.name, FILE.read_text(encoding="utf-8"))[0].data["kinds"]
}


def edits_of(kind: str) -> tuple[Edit, ...]:
    """The edits of a kind of change."""
    return tuple((e["file"], e["old"], e["new"]) for e in KINDS[kind]["edits"])


@pytest.fixture(scope="module", params=KINDS)
def made(request: pytest.FixtureRequest) -> tuple[str, tuple[Change, ...]]:
    """A kind of change, and the changes that its edits make; both tests of a kind follow one another, so that it is
    compiled once also where two processes share the tests.
    """
    return request.param, changes(*edits_of(request.param))


def test_each_kind_of_change_is_told_in_its_own_words_with_its_class(made: tuple[str, tuple[Change, ...]]) -> None:
    """Sign, class, name and values of every change that an edit makes, the worst first."""
    kind, found = made
    assert told(found) == KINDS[kind]["told"]


def test_every_change_names_the_file_and_line_where_it_stands(made: tuple[str, tuple[Change, ...]]) -> None:
    """On both sides, as far as it stands there: the value `none` of a symbol without a group stands nowhere."""
    for change in made[1]:
        for value, place in ((change.before, change.was), (change.after, change.now)):
            assert place is not None or value in (None, "none"), change
            assert place is None or place.line or change.word is Class.COSMETIC, change

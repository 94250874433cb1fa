from typing import Final

from generator.change.differ import diff
from generator.change.sources import Project
from generator.change.words import Class
from generator.compile.files import Texts
from tests.conftest import ROOT, TODAY
from tests.generator.change.projects import shipped

FILE: Final = "rules/packs/fia.yaml"


def changes(old: str, new: str) -> list[tuple[str, Class]]:
    """What a diff says of one edit of a pack: names and classes; the rules themselves are the same."""
    base = {**shipped(), FILE: (ROOT / FILE).read_bytes()}
    assert old.encode() in base[FILE]
    head = {**base, FILE: base[FILE].replace(old.encode(), new.encode(), 1)}
    found = diff(*(Project(name, Texts(texts), TODAY) for name, texts in (("base", base), ("head", head))))
    assert all(before == after for before, after in found.rulesets.values())
    return [(change.name, change.word) for change in found.changes]


def test_an_answer_that_is_taken_from_a_clause_is_for_people_to_see() -> None:
    """It decides nothing, and what a pack no longer holds may go unseen: no direction is declared for it."""
    assert changes("    gates: [self_match]\n", "    gates: [duplicate_order]\n") == [
        ("fia.yaml: clauses self-match prevention gates", Class.LOOSEN)
    ]


def test_what_a_clause_means_is_read_by_people_alone() -> None:
    """Its wording is cosmetic."""
    assert changes("Own orders do not trade with one another.", "Own orders never meet.") == [
        ("fia.yaml: clauses self-match prevention meaning", Class.COSMETIC)
    ]

"""What is known of each subject and actor before a row is looked at: their caps and own facts, as floats and codes."""

from decimal import Decimal
from fractions import Fraction
from typing import Final

from engine import catalog
from engine.backends.near import nearest
from engine.backends.python import is_open
from engine.numbers import EXACT
from engine.ruleset import Layer, RuleSet, Subject

# Codes of words and truth values that are none: missing, and none of the fact's own.
MISSING: Final = -1
INVALID: Final = -2
# Whole numbers below it are whole as floats, also when they were worked out from a short decimal.
WHOLE: Final = 10**14
# Counts up to it make whole numbers that floats hold, whatever is done with a few of them.
COUNTED: Final = 10**6
# More decimals than this make no step that floats count in.
_DECIMALS: Final = 15
# What is known of each subject and actor: `number`, `short`, `scale` or `unit` of a number, `holds` of a truth value,
# `word`, or the `words` that a list has; of the `cap` or the subject's `own` fact of a name.
Entry = tuple[str, str, str]
# A number, a flag or a code; the codes of a list; None where there is none.
Value = float | int | tuple[int, ...] | None


class Everybody:
    """The subjects and actors of a rule set, in pairs, those of an actor whom nobody knows among them.

    `codes` number all words that are some fact's own, subjects and actors among them.
    """

    def __init__(self, ruleset: RuleSet) -> None:
        self._ruleset = ruleset
        facts = ruleset.catalog.facts.values()
        words = {w for f in facts for t in (f.type, f.type.item) if t is not None for w in t.values}
        words |= {*ruleset.subjects, *ruleset.actors}
        self.codes = {word: code for code, word in enumerate(sorted(words))}
        self.subjects: list[Subject | None] = [*ruleset.subjects.values()] if ruleset.head.subject else [None]
        self.actors: list[Layer | None] = [None, *(ruleset.actors.values() if ruleset.head.actor else ())]
        self.pairs = [(subject, actor) for subject in self.subjects for actor in self.actors]

    def values(self, entry: Entry) -> list[Value]:
        """What an entry holds for each pair."""
        return [self._value(entry, *pair) for pair in self.pairs]

    def applying(self) -> list[int]:
        """For each pair the gates that have a bound, as bits by their places."""
        gates = self._ruleset.gates
        return [sum(1 << g.index for g in gates if not is_open(g, self._ruleset, *pair)) for pair in self.pairs]

    def _value(self, entry: Entry, subject: Subject | None, actor: Layer | None) -> Value:
        what, kind, name = entry
        unknown = kind == "cap" and actor is None and name in self._ruleset.actor_caps
        value: catalog.Value | None = None
        if kind == "own":
            value = subject.facts.get(name) if subject else None
        elif not unknown:
            value = self._ruleset.cap(name, subject, actor)[0]
        if isinstance(value, Decimal):
            return _of_number(what, value)
        if what == "words":
            if value is None and kind == "cap" and not unknown:
                return tuple(self.codes.values())
            return tuple(self.codes[w] for w in value if w in self.codes) if isinstance(value, tuple) else None
        if value is None:
            return None
        return int(value is True) if what == "holds" else self.codes.get(str(value))


def _of_number(what: str, value: Decimal) -> Value:
    decimals = max(0, -int(value.normalize(EXACT).as_tuple().exponent))
    scaled = value.scaleb(decimals, EXACT)
    fits = decimals <= _DECIMALS and scaled.copy_abs() < WHOLE
    match what:
        case "number":
            return nearest(value)
        case "short":
            return int(is_short(Fraction(value)))
        case "scale":
            return nearest(Decimal(10**decimals)) if fits else None
    return nearest(scaled) if fits else None


def is_short(value: Fraction) -> bool:
    """Whether a number is the shortest that reads as its float, so that no other short one has the same."""
    return Fraction(repr(value.numerator / value.denominator)) == value

"""The shipped rules with edits that are made in memory."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from generator.change.changes import Change
from generator.change.differ import compare
from generator.change.places import InSources
from generator.change.show.report import value
from generator.change.sides import Rules
from generator.compile.files import Texts
from generator.compile.stages import compile_universe
from tests.conftest import ROOT, TODAY

RISK: Final = "rules/risk.yaml"
GATES: Final = "rules/gates.yaml"
UNIVERSE: Final = "rules/universe.yaml"
TIERS: Final = "rules/tiers.yaml"
STRATEGIES: Final = "rules/strategies.yaml"
SIZING: Final = "rules/sizing.yaml"
ROUTER: Final = "rules/router.yaml"
EXITS: Final = "rules/exits.yaml"
CAPS: Final = "schemas/caps.yaml"
FACTS: Final = "schemas/facts.yaml"
UNITS: Final = "schemas/units.yaml"
PARAMS: Final = "schemas/strategies.yaml"
EVENTS: Final = "schemas/events.yaml"
VENUE: Final = "universe/venues/binance_usdm.json"

# A file, a text that stands in it, and what stands there instead.
Edit = tuple[str, str, str]


@cache
def shipped() -> Mapping[str, bytes]:
    """Every source of the shipped rules, by its path."""
    patterns = ("rules/*.yaml", "schemas/*.yaml", "universe/venues/*.json")
    return {str(p.relative_to(ROOT)): p.read_bytes() for pattern in patterns for p in ROOT.glob(pattern)}


def edited(*edits: Edit) -> dict[str, bytes]:
    """The sources with each edit made once."""
    texts = dict(shipped())
    for file, old, new in edits:
        text = texts[file].decode()
        assert old in text, f"{file} no longer holds {old!r}: write the edit anew"
        texts[file] = text.replace(old, new, 1).encode()
    return texts


@cache
def without_regimes() -> Edit:
    """The edit that takes the shipped regimes away; they end their file."""
    text = shipped()[RISK].decode()
    return RISK, text[text.index("\nregimes:") :], ""


def rules_of(texts: Mapping[str, bytes], environment: str = "prod") -> Rules:
    """The compiled rules of some sources."""
    made = compile_universe(Texts(texts), environment, today=TODAY)
    return Rules(made.document, made.ruleset, InSources(made.document, made.sources))


@cache
def base(environment: str = "prod") -> Rules:
    """The shipped rules, compiled once."""
    return rules_of(shipped(), environment)


@cache
def changes(*edits: Edit) -> tuple[Change, ...]:
    """What edits of the shipped rules mean."""
    return compare(base(), rules_of(edited(*edits)))


def told(found: tuple[Change, ...]) -> list[str]:
    """Each change in one line: sign, class, name and values."""
    return [f"{c.sign} {c.word} {c.name}: {value(c)}" for c in found]

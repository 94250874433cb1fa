"""Reading a compiled universe: verified against its own hash and the keys that are trusted, checked again, refused
when it is another environment's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from engine.faults import Refused
from engine.read import read
from engine.ruleset import RuleSet
from universe.integrity import UniverseFault, fingerprint, hash_of, misshapen, strict
from universe.strategies import RunningStrategy, read_running
from universe.trust import Trust, beside, verify

__all__ = ["FILE", "FORMAT", "Universe", "UniverseFault", "fingerprint", "hash_of", "load", "parse"]

FORMAT: Final = 1
FILE: Final = "universe/universe.json"


@dataclass(frozen=True, slots=True)
class Universe:
    """A verified universe: its checked rule set, the document that it was read from, and the strategies that run."""

    ruleset: RuleSet
    document: dict[str, Any]
    running: Mapping[str, RunningStrategy]

    def symbol(self, name: str) -> dict[str, Any]:
        """A symbol's entry: tier, group, effective caps, filters, brackets, provenance."""
        entry: dict[str, Any] = self.document["symbols"][name]
        return entry

    def strategy(self, name: str) -> RunningStrategy | None:
        """How often a strategy is asked, for which symbols, with which parameters; None where it has caps but
        doesn't run.

        Raises:
            KeyError: the universe has no such strategy.
        """
        if name not in self.document["strategies"]:
            raise KeyError(name)
        return self.running.get(name)

    def bracket_leverage(self, symbol: str, exposure: Decimal) -> Decimal | None:
        """The highest leverage that the venue's bracket allows at an exposure in USDT; None beyond the last bracket."""
        for bracket in self.symbol(symbol)["brackets"]:
            if exposure <= Decimal(bracket["notional_cap"]):
                return Decimal(bracket["leverage"])
        return None


def load(path: Path, environment: str = "prod", trust: Trust = ()) -> Universe:
    """The universe in a file, for an environment.

    It is signed as `trust` demands, and as the file of keys beside it does.

    Raises:
        UniverseFault: no such file, no JSON, altered since it was compiled, another environment's, not a rule set, or
            not signed by a key that is trusted.
    """
    trust = (*trust, *beside(path))
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UniverseFault(f"the universe can't be read: {error}", "run `hedgerow universe`") from None
    document = _whole(text)
    verify(path, document["universe"], trust)
    return _read(document, environment)


def parse(text: str, environment: str = "prod") -> Universe:
    """The universe in a text, whoever signed it; else as `load`."""
    return _read(_whole(text), environment)


def _whole(text: str) -> dict[str, Any]:
    """The document in a text, unaltered and with all its parts."""
    try:
        document = strict(text)
    except ValueError as error:
        raise UniverseFault(f"the universe is no JSON: {error}", "run `hedgerow universe`") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UniverseFault(f"the universe is not of format {FORMAT}", "run `hedgerow universe` with this version")
    if document.get("universe") != fingerprint(document):
        raise UniverseFault(
            "the universe was altered since it was compiled", "run `hedgerow universe`; edit rules, never this file"
        )
    if (wrong := misshapen(document)) is not None:
        raise UniverseFault(f"the universe is not whole: {wrong}", "run `hedgerow universe` with this version")
    return document


def _read(document: dict[str, Any], environment: str) -> Universe:
    if document["environment"] != environment:
        raise UniverseFault(
            f"the universe is compiled for `{document['environment']}`, not for `{environment}`",
            f"run `hedgerow universe --env {environment}`",
        )
    try:
        ruleset = read(document)
        return Universe(ruleset, document, read_running(document, ruleset.catalog.units))
    except Refused as refused:
        raise UniverseFault(f"the universe holds no rule set: {refused}", "run `hedgerow universe`") from None
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        message = f"the universe holds no strategies that could run: {type(error).__name__} {error}"
        raise UniverseFault(message, "run `hedgerow universe`") from None

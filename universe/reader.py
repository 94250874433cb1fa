"""Reading a compiled universe: verified against its own hash, checked again, refused when it is another
environment's.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from engine.faults import Refused
from engine.read import read
from engine.ruleset import RuleSet
from universe.strategies import RunningStrategy, read_running

FORMAT: Final = 1
FILE: Final = "universe/universe.json"


class UniverseFault(ValueError):
    """A universe that must not be decided by; `help` says what to do."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text


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


def load(path: Path, environment: str = "prod") -> Universe:
    """The universe in a file, for an environment.

    Raises:
        UniverseFault: no such file, no JSON, altered since it was compiled, another environment's, or not a rule set.
    """
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UniverseFault(f"the universe can't be read: {error}", "run `hedgerow universe`") from None
    return parse(text, environment)


def parse(text: str, environment: str = "prod") -> Universe:
    """The universe in a text; see `load`."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UniverseFault(f"the universe is no JSON: {error}", "run `hedgerow universe`") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UniverseFault(f"the universe is not of format {FORMAT}", "run `hedgerow universe` with this version")
    if document.get("universe") != fingerprint(document):
        raise UniverseFault(
            "the universe was altered since it was compiled", "run `hedgerow universe`; edit rules, never this file"
        )
    if document.get("environment") != environment:
        raise UniverseFault(
            f"the universe is compiled for `{document.get('environment')}`, not for `{environment}`",
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


def fingerprint(document: dict[str, Any]) -> str:
    """The hash of everything in a universe but the hash itself."""
    return hash_of({k: v for k, v in document.items() if k != "universe"})


def hash_of(data: Any) -> str:
    """`sha256:` of canonical JSON."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

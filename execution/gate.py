"""The gate: the one place where code asks whether an intent may pass.

engine = RiskEngine.from_file(Path("universe/universe.json"))
decision = engine.check_order(facts)
if decision.allowed: …
for reason in decision.vetoes: print(reason.text, reason.source)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import Decision, Engine
from universe import Universe, load


@dataclass(frozen=True, slots=True)
class RiskEngine:
    """Asks one universe about orders and about the account.

    Facts are nested by their dotted names: `{"order": {"symbol": "BTCUSDT", "price": "50000", …}, "nav": {…},
    …}`. Numbers are texts, ints or Decimals in the unit of `schemas/facts.yaml`; a float is refused as invalid.
    What is absent or None is missing, and vetoes where a gate needs it. Neither method raises: whatever is
    wrong is a veto with a reason.
    """

    universe: Universe
    engine: Engine

    @classmethod
    def of(cls, universe: Universe, backend: str = "python") -> "RiskEngine":
        """An engine over a verified universe."""
        return cls(universe, Engine(universe.ruleset, backend))

    @classmethod
    def from_file(cls, path: Path, environment: str = "prod", backend: str = "python") -> "RiskEngine":
        """An engine over the universe in a file.

        Raises:
            UniverseFault: the file is absent, altered, or compiled for another environment.
        """
        return cls.of(load(path, environment), backend)

    def check_order(self, facts: Mapping[str, Any]) -> Decision:
        """Whether an order may pass every gate, with every reason why not, and the largest quantity that would."""
        return self.engine.decide(facts)

    def check_nav(self, facts: Mapping[str, Any]) -> Decision:
        """Whether the account may trade at all: the gates of `scope: account`, over `nav.*` alone, without
        exemption.
        """
        return self.engine.decide(facts, scope="account")

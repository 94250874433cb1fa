"""A predecessor's risk files as rules: its caps under the shipped gates, and nothing else that could hide them.

`python -m tests.generator.proof.predecessor` says how long the proof of each step takes (`make soak`).
"""

import json
import time
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any, Final

from ruamel.yaml import YAML

from generator.change.proof.quiet import quiet_orders
from generator.change.sides import Rules
from generator.compile.finish import file_text
from generator.compile.sources import FILES
from tests.conftest import ROOT
from tests.generator.change.projects import GATES, RISK, STRATEGIES, rules_of, shipped
from universe.reader import Universe, parse

_HERE: Final = ROOT / "tests/generator/proof"
# Of what a version does not speak: no bound, or the loosest where a table names the cap.
UNSPOKEN: Final = {
    **dict.fromkeys(
        (
            "nav_max_age",
            "drawdown",
            "daily_loss",
            "gross_exposure",
            "open_positions",
            "tier_exposure",
            "group_exposure",
            "strategy_exposure",
            "strategy_positions",
            "symbol_exposure",
            "open_quantity",
            "min_notional",
            "trade_nav",
            "cooldown",
        ),
        "none",
    ),
    "leverage": "125x",
    "order_notional": "1_000_000_000 USDT",
    "restricted": [],
}


# What would have been refused outright, so that it can be looked at.
HEARD: Final = {
    lint: {"level": "warning", "why": "Its rules were in force."}
    for lint in ("venue-minimum-over-cap", "contradictory-caps")
}


@cache
def versions() -> tuple[Mapping[str, Any], ...]:
    """Every version, in the order in which they came."""
    return tuple(_read((_HERE / "versions.yaml").read_text())["versions"])


def _read(text: str) -> Any:
    return YAML(typ="base", pure=True).load(text)


def rules(version: Mapping[str, Any], gates: str = "") -> Rules:
    """The shipped rules with the caps of a version, and with more gates."""
    own = _read(shipped()[RISK].decode())["global"]
    risk = {"format": 1, "global": {**own, **UNSPOKEN, **version["global"]}}
    risk |= {part: version[part] for part in ("tiers", "symbols") if part in version}
    strategies = _read(shipped()[STRATEGIES].decode())
    for entry in strategies["strategies"].values():
        entry.pop("caps", None)
    texts = {
        **shipped(),
        RISK: json.dumps(risk).encode(),
        STRATEGIES: json.dumps(strategies).encode(),
        GATES: shipped()[GATES] + gates.encode(),
        FILES["lints"]: json.dumps({"format": 1, "lints": HEARD}).encode(),
    }
    return rules_of(texts)


def universe(of: Rules) -> Universe:
    """Rules as a compiled universe."""
    return parse(file_text(dict(of.document)))


def main() -> None:
    """Print what each step is proved to be, and how many seconds that takes."""
    from generator.change.proof import prove

    made = [rules(version) for version in versions()]
    for version, (old, new) in zip(versions()[1:], pairwise(made), strict=True):
        near, began = quiet_orders(universe(old), universe(new)), time.perf_counter()
        proof = prove(old.ruleset, new.ruleset, limit_seconds=60, near=near)
        print(f"{version['commit']} {proof.overall}: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()

"""The orders that a search for witnesses begins with: buys of a quiet account, so that what is found reads as real."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from generator.change.proof.workbench import Orders
from universe.quiet import quiet_facts
from universe.reader import Universe

NAV: Final = Decimal(10_000)


def quiet_orders(*universes: Universe) -> Orders:
    """An order of a quiet account for each symbol and strategy, by the last of the universes that has the symbol."""

    def near(subject: str | None, actor: str | None) -> Mapping[str, Any]:
        known = (u for u in reversed(universes) if subject in u.document["symbols"])
        universe = next(known, None)
        if universe is None or subject is None:
            return {}
        facts = quiet_facts(universe, subject, NAV, strategy=actor or "")
        if actor is None:
            del facts["order"]["strategy"]
        return facts

    return near

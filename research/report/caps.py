"""The universes that decided in a run, and the caps of each."""

from decimal import Decimal
from pathlib import Path

from engine.ruleset import BOUNDS
from execution.universes import load_kept
from universe.reader import Universe, UniverseFault


class Caps:
    """Caps by universe. One that the run's folder doesn't keep is taken to be the one given.

    Args:
        folder: the run's.
        universe: the one that decides now.
    """

    def __init__(self, folder: Path, universe: Universe) -> None:
        self._folder = folder
        self._known = {universe.ruleset.universe_hash: universe}
        self.universe = universe
        self._bounded = _bounded(universe)
        self.missing: list[str] = []

    def activate(self, name: str) -> None:
        """From here on, the universe of this hash decides."""
        if name not in self._known:
            try:
                self._known[name] = load_kept(self._folder, name)
            except UniverseFault:
                self.missing.append(name)
                self._known[name] = self.universe
        self.universe = self._known[name]
        self._bounded = _bounded(self.universe)

    @property
    def symbols(self) -> list[str]:
        """Every symbol of the universe."""
        return list(self.universe.document["symbols"])

    def account(self, cap: str) -> Decimal | None:
        """A cap of the account; None: there is none."""
        return _number(self.universe.document["account"]["caps"].get(cap))

    def symbol(self, cap: str, symbol: str) -> Decimal | None:
        """A cap of a symbol, of its tier or of its group; None: there is none."""
        entry = self.universe.document["symbols"].get(symbol)
        return None if entry is None else _number(entry["caps"].get(cap))

    def place(self, symbol: str, part: str) -> str | None:
        """A symbol's `tier` or `group`; None: it has none."""
        entry = self.universe.document["symbols"].get(symbol, {})
        found = entry.get(part)
        return None if found is None else str(found)

    def where(self, gate: str, symbol: str) -> str:
        """What a gate bounds when it is asked of a symbol: the account, the symbol's tier or group, or the symbol."""
        per = self._bounded.get(gate, "")
        return per if per == "account" else self.place(symbol, per) or symbol


def _bounded(universe: Universe) -> dict[str, str]:
    """For each gate with a cap, whose cap it is: `account`, `tier`, `group`, `strategy`, `symbol` or `order`."""
    caps, found = universe.document["caps"], {}
    for gate in universe.document["gates"]:
        bound = next((str(gate[op]) for op in BOUNDS if op in gate), "").removeprefix("caps.")
        if bound in caps:
            found[str(gate["id"])] = str(caps[bound]["per"])
    return found


def _number(value: object) -> Decimal | None:
    return Decimal(value) if isinstance(value, str) else None

"""What a change may do to a project, as functions of it."""

import os
from collections.abc import Callable
from typing import Final

from tests.generator.patching.repositories import Project

RISK: Final = "rules/risk.yaml"
GATES: Final = "rules/gates.yaml"
SCENARIOS: Final = "rules/scenarios/exposure.yaml"
UNIVERSE: Final = "universe/universe.json"
VENUE: Final = "universe/venues/binance_usdm.json"
LTC: Final = "LTCUSDT: {symbol_exposure: 8%}"
TIGHTER: Final = "LTCUSDT: {symbol_exposure: 7%}"
LOOSER: Final = "LTCUSDT: {symbol_exposure: 9%}"
Change = Callable[[Project], object]


def by_hand(path: str, old: str, new: str) -> Change:
    """An edit, and nothing made anew of what follows from it."""
    return lambda project: project.replace(path, old, new)


def edits(path: str, old: str, new: str) -> Change:
    """An edit, and all that follows from it made anew."""

    def change(project: Project) -> None:
        project.replace(path, old, new)
        project.generate()

    return change


def writes(path: str, text: str) -> Change:
    """A file written."""
    return lambda project: project.write(path, text)


def gone(path: str) -> Change:
    """A file taken away."""
    return lambda project: os.unlink(project.root / path)


def moved(path: str, to: str) -> Change:
    """A file of another name."""
    return lambda project: os.rename(project.root / path, project.root / to)

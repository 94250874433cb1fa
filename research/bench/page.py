"""What was measured, as a page for people and as JSON for whoever compares."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs/benchmarks.md"
FIGURES: Final = ROOT / "docs/benchmarks.json"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what, how much, how many times the section's base, and what is asked of it, where something is."""

    what: str
    figure: str
    ratio: float
    target: str = ""
    spread: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Figures with one base, and what they are figures of."""

    title: str
    about: str
    rows: Sequence[Row]


def machine() -> Mapping[str, Any]:
    """Where the figures were measured."""
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "processors": os.cpu_count(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "busy": round(os.getloadavg()[1], 1),
    }


def page(sections: Sequence[Section]) -> str:
    """The figures as a Markdown page."""
    where = machine()
    parts = [
        "# Benchmarks\n\nWritten by `make bench WRITE=1`: figures of one run on one machine, to be compared with each"
        f" other rather than with yours.\n{where['machine']}, {where['system']}, {where['processors']} processors,"
        f" {where['python']}.\n"
        f"On average {where['busy']} processes wanted a processor while it ran; with more than there are processors,"
        " waits say more of the others than of ours.\n"
    ]
    for section in sections:
        rows = "\n".join(f"| {r.what} | {r.figure} | {r.ratio:.2f} | {r.spread} | {r.target} |" for r in section.rows)
        head = "| what | figure | × | least–most | target |\n|---|---|---|---|---|"
        parts.append(f"## {section.title}\n\n{section.about}\n\n{head}\n{rows}\n")
    return "\n".join(parts)


def write(sections: Sequence[Section]) -> None:
    """Keep page and figures."""
    PAGE.write_text(page(sections), encoding="utf-8")
    figures = {"where": machine(), "sections": [asdict(section) for section in sections]}
    FIGURES.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

"""Two compiled universes of 500 symbols and 50 gates: how long a diff with proof takes, and how much it holds.

`python -m tests.generator.proof.large` measures it (`make soak`).
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from engine.numbers import canonical
from tests.conftest import ROOT
from universe.reader import FILE, fingerprint, hash_of

Document = dict[str, Any]
SYMBOLS: Final = 500
GATES: Final = 50
MEGABYTES: Final = 500
# What is edited, and in how many seconds it must be told.
ONE: Final = 2.0
ALL: Final = 15.0


def universe(symbols: int = SYMBOLS, gates: int = GATES) -> Document:
    """The shipped universe with so many symbols, each with caps of its own, and so many gates."""
    made: Document = json.loads((ROOT / FILE).read_text())
    shipped = [s for s in made["symbols"].values() if s["enabled"]]
    made["symbols"] = {f"S{n:03}USDT": _symbol(shipped[n % len(shipped)], n) for n in range(symbols)}
    for strategy in made["strategies"].values():
        if "symbols" in strategy:
            strategy["symbols"] = list(made["symbols"])[:4]
    made["account"]["caps"]["restricted"] = []
    for caps in (made["account"], *made["symbols"].values()):
        caps["caps"]["restricted"] = []
    for n in range(gates - len(made["gates"])):
        bound = {
            "measure": "notional / margin.balance",
            "at_most": f"{2 + n}x",
            "source": f"rules/gates.yaml:{900 + n}",
        }
        made["gates"].append({"id": f"more_{n}", "why": "One more.", "veto": f"more_{n}", **bound})
    return sealed(made)


def _symbol(like: Document, number: int) -> Document:
    made = deepcopy(like)
    made |= {"symbol": f"S{number:03}USDT", "base": f"S{number:03}"}
    for name in ("order_notional", "symbol_exposure", "price_collar", "spread"):
        made["caps"][name] = scaled(made["caps"][name], 100 - number % 40)
    return made


def scaled(value: str, percent: int) -> str:
    """A figure, so many hundredths of it."""
    return canonical(Decimal(value) * percent / 100)


def sealed(document: Document) -> Document:
    """The document with the hash that it has now."""
    document["ruleset"] = hash_of({k: v for k, v in document.items() if k not in ("ruleset", "universe")})
    document["universe"] = fingerprint(document)
    return document


def one_cap(document: Document) -> None:
    """One cap of one symbol is looser."""
    caps = document["symbols"]["S007USDT"]["caps"]
    caps["symbol_exposure"] = scaled(caps["symbol_exposure"], 110)


def all_caps(document: Document) -> None:
    """Every figure of every symbol and of the account moves: up for every second symbol, else down."""
    for number, holder in enumerate((document["account"], *document["symbols"].values())):
        for name, value in holder["caps"].items():
            if isinstance(value, str) and document["caps"][name]["unit"] != "count":
                top = document["caps"][name].get("max")
                moved = scaled(value, 102 if number % 2 else 98)
                holder["caps"][name] = moved if top is None or Decimal(moved) <= Decimal(top) else value


def edited(document: Document, edit: Callable[[Document], None]) -> Document:
    """A universe with an edit."""
    made = deepcopy(document)
    edit(made)
    return sealed(made)


def measured(command: list[str]) -> tuple[float, float, int]:
    """Seconds, the most megabytes held by any command so far, and the exit code."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    seconds = time.perf_counter() - began
    if done.stderr:
        print(done.stderr[-2000:])
    print("\n".join(line[:150] for line in done.stdout.splitlines()[:6]))
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, done.returncode


def main() -> None:
    """Measure each edit, and end with exit code 1 if one takes longer than it may."""
    hedgerow = str(Path(sys.executable).parent / "hedgerow")
    old, fine = universe(), True
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder, "old.json")
        before.write_text(json.dumps(old))
        for name, edit, most in (("one cap", one_cap, ONE), ("all caps", all_caps, ALL)):
            after = Path(folder, "new.json")
            after.write_text(json.dumps(edited(old, edit)))
            seconds, megabytes, code = measured(
                [hedgerow, "--root", str(ROOT), "diff", "--no-flips", str(before), str(after)]
            )
            fine = fine and seconds < most and megabytes < MEGABYTES and code == 0
            print(
                f"{name} of {SYMBOLS} symbols × {GATES} gates: {seconds:.2f} s (at most {most:g}), {megabytes:.0f} MB"
            )
    sys.exit(not fine)


if __name__ == "__main__":
    main()

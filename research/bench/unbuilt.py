"""The gate of fifteen rules as where there is no compiler: what that takes, as JSON."""

import json
import subprocess
import sys
from dataclasses import asdict

from research.bench.timing import Timed


def timed() -> Timed:
    """What a decision takes there; a process of its own."""
    asked = subprocess.run([sys.executable, "-m", __name__], capture_output=True, text=True, check=True)
    return Timed(**json.loads(asked.stdout))


def main() -> None:
    """Measure it in this process, which finds nothing that was built."""
    for name in ("machine", "native", "texts"):
        sys.modules[f"engine.backends.{name}"] = None  # type: ignore[assignment]
    from research.bench.deciding import DESK, Gate

    print(json.dumps(asdict(Gate().timed()[DESK])))


if __name__ == "__main__":
    main()

"""`python -m tests.fuzz [DOOR…] --seconds N`: fuzz each door for so long, by coverage where atheris is installed.

Exit code 1 where a door did not hold; the input that shows it is left in the folder `--keep`.
"""

import argparse
import random
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final

SECONDS: Final = 1800


def main() -> int:
    """Fuzz doors one after the other, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("doors", nargs="*", help="loader, parser, decide, reader; all of them by default")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long each is fuzzed")
    parser.add_argument("--keep", type=Path, default=Path("logs/fuzz"), help="where inputs are kept")
    parser.add_argument("--here", action="store_true", help="in this process, without coverage")
    asked = parser.parse_args()
    doors = asked.doors or ["loader", "parser", "decide", "reader"]
    asked.keep.mkdir(parents=True, exist_ok=True)
    failed = []
    for door in doors:
        by_coverage = find_spec("atheris") is not None and not asked.here
        start = time.monotonic()
        held = _by_coverage(door, asked) if by_coverage else _by_chance(door, asked)
        print(f"{door}: {'held' if held else 'FAILED'} for {time.monotonic() - start:.0f} s", flush=True)
        failed += [] if held else [door]
    return bool(failed)


def _by_coverage(door: str, asked: argparse.Namespace) -> bool:
    code = f"from tests.fuzz.__main__ import fuzz; fuzz({door!r}, {str(asked.keep)!r}, {asked.seconds})"
    return subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def fuzz(door: str, keep: str, seconds: int) -> None:
    """Fuzz one door by coverage; never returns."""
    import atheris

    with atheris.instrument_imports(include=["engine", "generator", "universe"]):
        from tests.fuzz.targets import TARGETS, seeds
    corpus = Path(keep) / door
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(door)):
        (corpus / f"seed{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={keep}/{door}-", "-max_len=4096", "-verbosity=0"]
    atheris.Setup([door, *options, str(corpus)], TARGETS[door])
    atheris.Fuzz()


def _by_chance(door: str, asked: argparse.Namespace) -> bool:
    from tests.fuzz.targets import TARGETS, seeds
    from tests.fuzz.test_fuzz import damaged

    dice, known = random.Random(time.time_ns()), seeds(door)
    end = time.monotonic() + asked.seconds
    while time.monotonic() < end:
        data = damaged(dice.choice(known), dice)
        try:
            TARGETS[door](data)
        except Exception as error:
            place = asked.keep / f"{door}-crash"
            place.write_bytes(data)
            print(f"{door}: {type(error).__name__}: {error}; the input is in {place}", flush=True)
            return False
        known = [*known[-200:], data] if dice.random() < 0.02 else known
    return True


if __name__ == "__main__":
    sys.exit(main())

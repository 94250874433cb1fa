"""`python -m tests.fuzz [DOOR…] --seconds N`: fuzz each door for so long, by coverage where atheris is installed.

Exit code 1 where a door did not hold; the input that shows it is printed, with how to try it again.
"""

import argparse
import ast
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final

SECONDS: Final = 1800
DOORS: Final = ("loader", "parser", "decide", "reader")


def main() -> int:
    """Fuzz doors one after the other, each in a process of its own where it goes by coverage."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("doors", nargs="*", metavar="DOOR", help=f"{', '.join(DOORS)}; all of them by default")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each is fuzzed")
    parser.add_argument("--keep", type=Path, default=Path("logs/fuzz"), help="where fuzzing by coverage keeps inputs")
    parser.add_argument("--here", action="store_true", help="by chance, also where atheris is installed")
    parser.add_argument("--seed", type=int, default=time.time_ns(), help="of the chance; another one in each run")
    parser.add_argument("--replay", metavar="INPUT", help="try one input: a file, or the bytes as they were printed")
    parser.add_argument("--learn", action="store_true", help="by chance, and keep inputs of new kinds in corpus.json")
    asked = parser.parse_args()
    if unknown := [door for door in asked.doors if door not in DOORS]:
        parser.error(f"there is no door {unknown[0]!r}; there are {', '.join(DOORS)}")
    if asked.replay is not None:
        try:
            return _replayed(asked.doors, asked.replay)
        except (OSError, SyntaxError) as error:
            parser.error(f"--replay: {error}")
    held = [_fuzzed(door, asked) for door in asked.doors or DOORS]
    return 0 if all(held) else 1


def _fuzzed(door: str, asked: argparse.Namespace) -> bool:
    by_coverage = find_spec("atheris") is not None and not (asked.here or asked.learn)
    start = time.monotonic()
    held = _by_coverage(door, asked) if by_coverage else _by_chance(door, asked)
    print(f"{door}: {'held' if held else 'FAILED'} for {time.monotonic() - start:.0f} s", flush=True)
    return held


def _by_coverage(door: str, asked: argparse.Namespace) -> bool:
    asked.keep.mkdir(parents=True, exist_ok=True)
    code = f"from tests.fuzz.__main__ import fuzz; fuzz({door!r}, {str(asked.keep)!r}, {int(asked.seconds)})"
    held = subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    if not held:
        print(f"to try it again: python -m tests.fuzz {door} --replay {asked.keep}/{door}-…", flush=True)
    return held


def fuzz(door: str, keep: str, seconds: int) -> None:
    """Fuzz one door by coverage; never returns."""
    import atheris

    with atheris.instrument_imports(include=["engine", "generator", "universe"]):
        from tests.fuzz.chance import known_inputs
        from tests.fuzz.targets import DOORS as OPENED
    corpus = Path(keep) / door
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(known_inputs(door)):
        (corpus / f"seed{number}").write_bytes(seed)
    words = Path(keep) / f"{door}.words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in OPENED[door].words() if word), encoding="ascii")

    def comes_to(data: bytes) -> None:
        OPENED[door].comes_to(data)

    options = [f"-max_total_time={seconds}", f"-artifact_prefix={keep}/{door}-", "-max_len=4096", "-verbosity=0"]
    atheris.Setup([door, *options, f"-dict={words}", str(corpus)], comes_to)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _by_chance(door: str, asked: argparse.Namespace) -> bool:
    from tests.fuzz.chance import learn, search

    came = search(door, asked.seconds, asked.seed)
    print(f"{door}: {came.tried} inputs of {len(came.kinds)} kinds, by seed {asked.seed}", flush=True)
    if came.finding is not None:
        print(came.finding, flush=True)
    elif asked.learn:
        print(f"{door}: {learn(door, came.kinds)} of them are new, and kept", flush=True)
    return came.finding is None


def _replayed(doors: list[str], given: str) -> int:
    from tests.fuzz.chance import attempt

    data = ast.literal_eval(given) if given[:2] in ("b'", 'b"') else Path(given).read_bytes()
    errors = {door: attempt(door, data)[1] for door in doors or DOORS}
    for door, error in errors.items():
        print(f"{door}: {error or 'held'}", flush=True)
    return int(any(errors.values()))


if __name__ == "__main__":
    sys.exit(main())

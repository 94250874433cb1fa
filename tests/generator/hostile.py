"""What an enemy, or a broken disk, would hand in: YAML and JSON texts, too large, too deep or no texts at all.

`python -m tests.generator.hostile` measures how long each takes to be answered (`make soak`).
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.conftest import copied

LINES: Final = b"".join(
    f"{letter}: &{letter} [{', '.join([f'*{before}'] * 9)}]\n".encode()
    for before, letter in zip("abcdefghi", "bcdefghij", strict=True)
)
ANYWHERE: Final = {
    "nothing": b"",
    "nul": b"format: 1\n\x00a: b\n",
    "not_utf8": b"format: 1\n\xff\xfe\n",
    "utf16": "format: 1\n".encode("utf-16"),
    "mark": b"\xef\xbb\xbfformat: 1\n",
    "crlf": b"format: 1\r\na: b\r\n",
    "look_alike": "format: 1\ngl\u043ebal: {}\n".encode(),
}
YAML: Final = {
    **ANYWHERE,
    "bomb": b"a: &a [x, x, x]\n" + LINES,
    "ten_megabytes": b"format: 1\n" + b"# x\n" * 2_600_000,
    "deep": b"[" * 10_000 + b"]" * 10_000,
    "deep_keys": b"{a: " * 10_000,
    "digits": b"format: 1\nglobal: {leverage: " + b"9" * 100_000 + b"x}\n",
    "exponent": b"format: 1\nglobal: {leverage: 1e999999999}\n",
    "expression": b"format: 1\nmeasures: {x: {unit: ratio, is: '" + b"1+" * 500_000 + b"1'}}\ngates: []\n",
    "many_keys": b"".join(b"k%d: 1\n" % i for i in range(150_000)),
    "many_entries": b"[" + b"a," * 900_000 + b"a]",
}
JSON: Final = {
    **ANYWHERE,
    "ten_megabytes": b'{"order": "' + b"x" * 10_000_000 + b'"}',
    "many_entries": b"[" + b"0," * 5_000_000 + b"0]",
    "deep": b"[" * 10_000 + b"]" * 10_000,
    "deep_keys": b'{"a":' * 100_000,
    "nul_inside": b'{"order": "\x00"}',
    "mark_before": b'\xef\xbb\xbf{"order": {}}',
    "digits": b'{"order": {"price": ' + b"9" * 100_000 + b"}}",
    "digits_in_text": b'{"order": {"price": "' + b"9" * 100_000 + b'"}}',
    "exponent": b'{"order": {"price": 1e999999999}}',
    "exponent_in_text": b'{"order": {"price": "1e999999999"}}',
    "tiny": b'{"order": {"price": 1e-999999999}}',
    "many_keys": b"{" + b",".join(b'"k%d":1' % i for i in range(500_000)) + b"}",
    "key_twice": b'{"order": {}, "order": {}}',
    "surrogate": b'{"order": {"symbol": "\\ud800"}}',
}
# What a text may take, times a check of the shipped rules, measured in the same run.
MOST: Final = 3.0


def seconds(root: Path, *arguments: str) -> float:
    """How long a command takes, whatever it answers."""
    began = time.perf_counter()
    subprocess.run(
        [Path(sys.executable).parent / "hedgerow", "--root", root, *arguments], capture_output=True, check=False
    )
    return time.perf_counter() - began


def main() -> None:
    """Print what each text takes as rules, to be checked and to be formatted, and as facts; the exit code is 1 if one
    takes longer than it may.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = copied(Path(folder, "project"))
        whole = seconds(root, "check")
        print(f"a check of the shipped rules: {whole:.2f} s; times that:")
        rules, facts, longest = root / "rules/risk.yaml", root / "facts.json", 0.0
        for file, texts, commands in (
            (rules, YAML, [["check"], ["fmt", "rules/risk.yaml"]]),
            (facts, JSON, [["decide", str(facts)], ["replay", str(facts)]]),
        ):
            for name, raw in texts.items():
                file.write_bytes(raw)
                took = [seconds(root, *command) / whole for command in commands]
                print(f"{name}:", ", ".join(f"{c[0]} {t:.2f}" for c, t in zip(commands, took, strict=True)))
                longest = max(longest, *took)
    print(f"the longest: {longest:.2f} (at most {MOST:g})")
    sys.exit(longest > MOST)


if __name__ == "__main__":
    main()

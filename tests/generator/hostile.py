"""What an enemy, or a broken disk, would hand in: YAML and JSON texts, too large, too deep or no texts at all."""

from typing import Final

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

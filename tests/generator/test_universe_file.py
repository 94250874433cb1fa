"""The compiled universe: the same bytes from the same rules, one hash for one meaning, and no word of it altered."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from syrupy.assertion import SnapshotAssertion

from engine import Engine
from generator import generated
from generator.compile.finish import file_text
from generator.compile.stages import Compiled, compile_universe
from generator.compile.text import read_text
from research.intents import stream
from tests.conftest import ROOT, TODAY
from universe.reader import FILE, Universe, UniverseFault, fingerprint, load, parse

TEXT: Final = (ROOT / FILE).read_text(encoding="utf-8")
DOCUMENT: Final = json.loads(TEXT)
YAML_FILES: Final = sorted(
    p.relative_to(ROOT).as_posix() for p in [*ROOT.glob("rules/**/*.yaml"), *ROOT.glob("schemas/*.yaml")]
)


def text_of(compiled: Compiled) -> str:
    """The bytes that a compile would write."""
    return file_text(compiled.document)


COMPILE: Final = """
import sys
from datetime import date
from pathlib import Path
from generator.compile.finish import file_text
from generator.compile.stages import compile_universe
made = compile_universe(Path(sys.argv[1]), today=date(2030, 1, 1))
sys.stdout.buffer.write(file_text(made.document).encode())
"""


# The same bytes


def test_the_committed_universe_is_fresh(compiled: Compiled) -> None:
    """`universe.json` is what the rules make now: nobody edited it, nobody forgot it."""
    assert text_of(compiled) == TEXT


def test_the_committed_universe_is_prods(universe: Universe) -> None:
    """The one that is committed is the one that may trade."""
    assert load(ROOT / FILE).ruleset.universe_hash == universe.ruleset.universe_hash
    assert DOCUMENT["environment"] == "prod"


def test_compiling_twice_gives_the_same_bytes(root: Path, compiled: Compiled) -> None:
    """In one process."""
    assert text_of(compile_universe(root, today=TODAY)) == text_of(compiled)


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_compiling_in_another_process_gives_the_same_bytes(seed: str, root: Path) -> None:
    """However that process orders its sets."""
    made = subprocess.run(
        [sys.executable, "-c", COMPILE, str(root)],
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
    )

    assert made.stdout == TEXT.encode()


# The same meaning


@dataclass(frozen=True)
class Rewrite:
    """An edit of a source."""

    name: str
    file: str
    old: str
    new: str

    def made_in(self, project: Path) -> None:
        """Makes the edit."""
        path = project / self.file
        text = path.read_text(encoding="utf-8")
        assert self.old in text, f"{self.file} no longer holds {self.old!r}: write the edit anew"
        path.write_text(text.replace(self.old, self.new, 1), encoding="utf-8")


RISK, GATES, STRATEGIES = "rules/risk.yaml", "rules/gates.yaml", "rules/strategies.yaml"
SAME_MEANING: Final = (
    Rewrite("a comment line", RISK, "format: 1\n", "# One more comment.\nformat: 1\n"),
    Rewrite("a comment behind a value", RISK, "  drawdown: 30%", "  drawdown: 30%   # as of old"),
    Rewrite("a fraction for percent", RISK, "  drawdown: 30%", "  drawdown: 0.3"),
    Rewrite("percent for a multiple", RISK, "gross_exposure: 1.5x", "gross_exposure: 150%"),
    Rewrite("basis points for percent", RISK, "daily_loss: 1%", "daily_loss: 100bps"),
    Rewrite("seconds for minutes", RISK, "cooldown: 5m", "cooldown: 300s"),
    Rewrite("parts of a duration", RISK, "nav_max_age: 150s", "nav_max_age: 2m30s"),
    Rewrite("other groups of digits", RISK, "80_000 USDT", "80000.00 USDT"),
    Rewrite("quotes", RISK, "leverage: 4x", "leverage: '4x'"),
    Rewrite(
        "keys in another order", RISK, "  leverage: 4x\n  add_to_loser: 2%\n", "  add_to_loser: 2%\n  leverage: 4x\n"
    ),
    Rewrite("flow and block", RISK, "{group_exposure: 25%}", "\n    group_exposure: 25%"),
    Rewrite("another why", GATES, "why: A person stopped new positions.", "why: Somebody pulled the plug."),
    Rewrite(
        "another meaning", "schemas/caps.yaml", "meaning: The largest order.", "meaning: The largest single order."
    ),
    Rewrite("basis points of a parameter", STRATEGIES, "enter: 1%", "enter: 100bps"),
    Rewrite("minutes of a bar", STRATEGIES, "every: 4h", "every: 240m"),
    Rewrite("parameters in another order", STRATEGIES, "{fast: 12, slow: 48,", "{slow: 48, fast: 12,"),
    Rewrite("spaces and brackets", GATES, "is: exposure_after / nav.total", "is: (exposure_after)  /  (nav.total)"),
)
OTHER_MEANING: Final = (
    Rewrite("a cap", RISK, "  drawdown: 30%", "  drawdown: 31%"),
    Rewrite("a cap of a symbol", RISK, "LTCUSDT: {symbol_exposure: 8%}", "LTCUSDT: {symbol_exposure: 7%}"),
    Rewrite("a direction", "rules/breakers.yaml", "below: caps.drawdown", "at_most: caps.drawdown"),
    Rewrite("a measure", GATES, "is: order.quantity * order.price", "is: order.quantity * mark.price"),
    Rewrite("a reason", GATES, "veto: kill_switch", "veto: halted"),
    Rewrite("a gate's place", GATES, "  - id: restricted\n", "  - id: restricted_symbols\n"),
    Rewrite("a row", "rules/router.yaml", "slices: 4", "slices: 5"),
    Rewrite("a venue's step", "universe/venues/binance_usdm.json", '"step": "0.001"', '"step": "0.002"'),
    Rewrite(
        "a blocked side",
        "rules/universe.yaml",
        "LINKUSDT: {group: alts, liquidity: B_MEDIUM, blocked_sides: [SELL]}",
        "LINKUSDT: {group: alts, liquidity: B_MEDIUM}",
    ),
    Rewrite("a range", "schemas/caps.yaml", "max: 125", "max: 100"),
    Rewrite("a parameter", STRATEGIES, "slow: 48", "slow: 49"),
    Rewrite("a parameter's range", "schemas/strategies.yaml", "max: 86400", "max: 86300"),
    Rewrite("a strategy's bars", STRATEGIES, "every: 4h", "every: 2h"),
    Rewrite("a strategy's symbols", STRATEGIES, "[BTCUSDT, ETHUSDT]", "[ETHUSDT]"),
    Rewrite("who comes first", STRATEGIES, "[BTCUSDT, ETHUSDT]", "[ETHUSDT, BTCUSDT]"),
)


def verdicts(universe: Universe, intents: list[dict[str, Any]]) -> list[Any]:
    """What is decided, without the lines that it comes from."""
    engine = Engine(universe.ruleset)
    decisions = [engine.decide(facts) for facts in intents]
    return [
        (d.allowed, d.largest, [(v.gate, v.reason, v.observed, v.limit, v.headroom, v.text) for v in d.vetoes])
        for d in decisions
    ]


@pytest.fixture(scope="module")
def intents(universe: Universe) -> list[dict[str, Any]]:
    """A hundred rehearsal intents."""
    return list(stream(universe, 100, seed=3))


@pytest.mark.parametrize("rewrite", SAME_MEANING, ids=lambda rewrite: rewrite.name.replace(" ", "_"))
def test_another_spelling_keeps_the_ruleset_and_every_verdict(
    rewrite: Rewrite, project: Path, universe: Universe, intents: list[dict[str, Any]]
) -> None:
    """`ruleset` is the hash of the meaning, `universe` that of the files."""
    rewrite.made_in(project)

    made = parse(text_of(compile_universe(project, today=TODAY)))

    assert made.ruleset.ruleset_hash == universe.ruleset.ruleset_hash
    assert made.ruleset.universe_hash != universe.ruleset.universe_hash
    assert verdicts(made, intents) == verdicts(universe, intents)


@pytest.mark.parametrize("rewrite", OTHER_MEANING, ids=lambda rewrite: rewrite.name.replace(" ", "_"))
def test_another_meaning_is_another_ruleset(rewrite: Rewrite, project: Path, universe: Universe) -> None:
    """No edit that could change a decision goes unseen."""
    rewrite.made_in(project)

    made = parse(text_of(compile_universe(project, today=TODAY)))

    assert made.ruleset.ruleset_hash != universe.ruleset.ruleset_hash


# Schemas


class CoreLoader(yaml.SafeLoader):
    """Types scalars as YAML 1.2 does, which is what an editor's language server sees."""


CoreLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"null|Null|NULL|~|", ["n", "N", "~", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


@pytest.fixture(scope="module")
def schemas(compiled: Compiled) -> dict[str, dict[str, Any]]:
    """Each generated schema, by its path."""
    made = generated.files(compiled).items()
    return {path: json.loads(text) for path, text in made if path.endswith(".schema.json")}


def schema_of(file: str, schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The schema that a file's first line names, which is the generated one."""
    first = (ROOT / file).read_text(encoding="utf-8").splitlines()[0]
    prefix = "# yaml-language-server: $schema="
    assert first.startswith(prefix)
    path = ((ROOT / file).parent / first.removeprefix(prefix)).resolve()
    return schemas[path.relative_to(ROOT).as_posix()]


def faults(data: Any, schema: dict[str, Any]) -> list[str]:
    """Where data departs from a schema."""
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(data)]


@pytest.mark.parametrize("file", YAML_FILES)
def test_each_rule_file_keeps_to_its_schema_in_both_readings(file: str, schemas: dict[str, dict[str, Any]]) -> None:
    """As our reader sees it, all texts; and as an editor does, typed: it never underlines what the compiler takes."""
    text, schema = (ROOT / file).read_text(encoding="utf-8"), schema_of(file, schemas)

    document, problems = read_text(file, text)

    assert problems == []
    assert faults(document.data, schema) == []
    assert faults(yaml.load(text, Loader=CoreLoader), schema) == []


def test_each_schema_is_one_and_is_fresh(root: Path, schemas: dict[str, dict[str, Any]]) -> None:
    """Valid JSON Schema 2020-12; the committed files are the generated ones, and there is no other."""
    for path, schema in schemas.items():
        Draft202012Validator.check_schema(schema)
        assert json.loads((root / path).read_text(encoding="utf-8")) == schema
    assert {p.relative_to(root).as_posix() for p in root.glob("schemas/**/*.schema.json")} == schemas.keys()


UNDERLINED: Final = (
    ("bare 5", "global: {leverage: 5}"),
    ("money without currency", "global: {order_notional: 80_000}"),
    ("money as a number", "global: {order_notional: 80000}"),
    ("wrong unit", "global: {cooldown: 5 USDT}"),
    ("unknown cap", "global: {levrage: 4x}"),
    ("cap of another layer", "global: {}\ntiers: {CORE: {drawdown: 3%}}"),
    ("nothing", "global: {leverage: }"),
    ("truth", "global: {leverage: true}"),
    ("list of a number", "global: {open_positions: [6]}"),
    ("word for a list", "global: {restricted: BTCUSDT}"),
    ("another format", "global: {}\nformat: 2"),
)
COMPLETED: Final = (
    "global: {leverage: 4x, drawdown: 0.3, cooldown: 1h30m, order_notional: 80_000 USDT, open_positions: 6}",
    "global: {leverage: none, drawdown: 25bps, cooldown: 0, restricted: [BTCUSDT], open_quantity: none}",
    "global: {}\nsymbols: {BTCUSDT: {open_quantity: 2 BTC}}\nstrategies: {momentum: {trade_nav: 3%}}",
)


@pytest.mark.parametrize("risk", [r for _, r in UNDERLINED], ids=[n.replace(" ", "_") for n, _ in UNDERLINED])
def test_an_editor_underlines_a_mistake_while_it_is_typed(risk: str, compiled: Compiled) -> None:
    """The schema alone finds what an editor can find."""
    text = risk if "format" in risk else f"format: 1\n{risk}"

    assert faults(yaml.load(text, Loader=CoreLoader), compiled.schemas["risk"]) != []


@pytest.mark.parametrize("risk", COMPLETED)
def test_an_editor_takes_every_spelling_of_a_value(risk: str, compiled: Compiled) -> None:
    """Each unit's suffixes, a fraction, a bare zero, none, in both readings."""
    text = f"format: 1\n{risk}\n"

    assert faults(yaml.load(text, Loader=CoreLoader), compiled.schemas["risk"]) == []
    assert faults(read_text("risk", text)[0].data, compiled.schemas["risk"]) == []


def test_the_universe_keeps_to_its_schema(compiled: Compiled) -> None:
    """Every number in it is canonical: no exponent, no trailing zero."""
    assert faults(DOCUMENT, compiled.schemas["compiled"]) == []
    broken = json.loads(TEXT)
    broken["symbols"]["BTCUSDT"]["caps"]["leverage"] = "4.0"
    assert len(faults(broken, compiled.schemas["compiled"])) == 1


# Tampering


def accepted(text: str) -> Universe | None:
    """The universe in a text, or None where it is refused as it must be."""
    try:
        return parse(text)
    except UniverseFault:
        return None


@given(at=st.integers(0, len(TEXT) - 1), new=st.sampled_from('0123456789.-{}[]":, abcxyzE\n\\é\x00'))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_an_altered_character_is_refused_or_changes_nothing(at: int, new: str) -> None:
    """Only what JSON itself does not see, such as a blank between two values, may differ."""
    found = accepted(TEXT[:at] + new + TEXT[at + 1 :])

    assert found is None or found.document == DOCUMENT


@given(at=st.integers(0, len(TEXT) - 1), length=st.integers(1, 4000))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_text_with_a_part_missing_is_refused(at: int, length: int) -> None:
    """A file cut off, or with a line lost."""
    found = accepted(TEXT[:at] + TEXT[at + length :])

    assert found is None or found.document == DOCUMENT


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every part of a document."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


PLACES: Final = [path for path in places(DOCUMENT) if path]
VALUES: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(
        ["0", "1", "-1", "NaN", "1e3", "none", "BTCUSDT", "order.quantity", "caps.leverage", "nav.total > 0"]
    ),
    st.lists(st.text(max_size=2), max_size=2),
    st.dictionaries(st.text(max_size=2), st.text(max_size=2), max_size=2),
)


def altered(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The document with another value at a path; where the value is `...`, without the part."""
    document: Any = json.loads(TEXT)
    place = document
    for part in path[:-1]:
        place = place[part]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    assert isinstance(document, dict)
    return document


@given(path=st.sampled_from(PLACES), value=VALUES | st.just(...))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_an_altered_value_is_refused(path: tuple[Any, ...], value: Any) -> None:
    """Any value, anywhere in it, the hashes too."""
    document = altered(path, value)

    found = accepted(json.dumps(document))

    assert found is None or json.dumps(document) == json.dumps(DOCUMENT)


@given(path=st.sampled_from(PLACES), value=VALUES | st.just(...))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_an_altered_and_signed_document_is_refused_or_is_a_rule_set(path: tuple[Any, ...], value: Any) -> None:
    """Who can compute the hash can write rules, but never a file that breaks its reader."""
    document = altered(path, value)
    document["universe"] = fingerprint(document)

    accepted(json.dumps(document))


NO_UNIVERSE: Final = {
    "empty": "",
    "null": "null",
    "list": "[]",
    "nothing": "{}",
    "braces": '{"format": 1, "x": ' + '{"x": ' * 100_000,
    "brackets": "[" * 100_000,
    "format_only": '{"format": 1}',
    "surrogate": '{"format": 1, "x": "\\ud800"}',
    "byte_order_mark": "\ufeff{}",
    "endless_number": '{"format": ' + "1" * 10_000 + "}",
}


@pytest.mark.parametrize("text", NO_UNIVERSE.values(), ids=NO_UNIVERSE)
def test_what_is_no_universe_is_refused(text: str) -> None:
    """Whatever it is, with a line on what to do."""
    with pytest.raises(UniverseFault) as refused:
        parse(text)

    assert refused.value.help


def test_a_file_that_is_absent_or_no_text_is_refused(tmp_path: Path) -> None:
    """A refusal, no traceback."""
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe{")

    for path in (tmp_path / "absent.json", tmp_path / "bytes.json", tmp_path):
        with pytest.raises(UniverseFault, match="can't be read"):
            load(path)


# A view of it that people review


def test_the_effective_caps_are_as_reviewed(snapshot: SnapshotAssertion) -> None:
    """The global values, and what each symbol and strategy has instead, with the layers that it comes from."""
    holders = {"account": DOCUMENT["account"], **DOCUMENT["strategies"], **DOCUMENT["symbols"]}
    everywhere: dict[str, Any] = {}
    instead: dict[str, list[str]] = {}
    for name, entry in holders.items():
        for cap, value in entry["caps"].items():
            origin = entry["provenance"].get(cap, {"layer": "no group"})
            over = origin.get("overrode", [])
            if origin["layer"] == "global":
                everywhere[cap] = value
            else:
                for link in over:
                    if link["layer"] == "global":
                        everywhere[cap] = link["value"]
                layers = " over ".join([origin["layer"], *(f"{link['layer']} {link['value']}" for link in over)])
                instead.setdefault(name, []).append(f"{cap} {'none' if value is None else value}: {layers}")

    assert everywhere == snapshot(name="global")
    assert {name: "\n".join(lines) for name, lines in instead.items()} == snapshot(name="instead")


def test_the_gates_are_as_reviewed(snapshot: SnapshotAssertion) -> None:
    """What each gate asks, in order, and the reason that it gives."""
    words = ("when", "measure", "at_most", "at_least", "below", "above", "multiple_of", "require", "exits", "scope")

    assert [
        " · ".join([g["id"], *(f"{w} {g[w]}" for w in words if w in g), f"veto {g['veto']}"]) for g in DOCUMENT["gates"]
    ] == snapshot

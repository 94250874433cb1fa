"""What is fuzzed: each door that reads text from outside, with what must hold of whatever comes through it."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Final

from engine import BACKENDS, Engine
from engine.facts import FactsFault
from engine.syntax import SyntaxFault, depth, parse, render
from generator.compile.finish import file_text
from generator.compile.problems import render as shown
from generator.compile.stages import compile_universe
from generator.compile.text import read_text
from generator.format.texts import FormatFault, formatted, same
from tests.conftest import ROOT
from universe.quiet import quiet_facts
from universe.reader import Universe, UniverseFault, fingerprint
from universe.reader import parse as read_universe

EXIT: Final = {"order": {"symbol": "BTCUSDT", "side": "SELL", "price": "87500", "quantity": "0.5"}}


@cache
def universe() -> Universe:
    """The shipped rules, compiled."""
    return read_universe(file_text(compile_universe(ROOT, today=date(2026, 11, 21)).document))


@cache
def engines() -> tuple[Engine, ...]:
    """The shipped rules in each backend."""
    return tuple(Engine(universe().ruleset, backend) for backend in BACKENDS)


def loader(data: bytes) -> None:
    """A text is read strictly or has problems with places; what is read can be formatted, or is left alone."""
    text = data.decode("utf-8", "surrogateescape")
    document, problems = read_text("rules/any.yaml", text)
    for problem in problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert shown(problem, text)
    if problems:
        return
    try:
        made = formatted("rules/any.yaml", text, {})
    except FormatFault:
        return
    assert same(read_text("", made)[0].data, document.data)
    assert formatted("rules/any.yaml", made, {}) == made


def parser(data: bytes) -> None:
    """An expression is read or refused at a place in it; written canonically it is read as the same."""
    text = data.decode("utf-8", "replace")
    refused = None
    try:
        tree = parse(text)
    except SyntaxFault as fault:
        refused = fault
    if refused is not None:
        assert 0 <= refused.at <= len(text)
        return
    again = parse(render(tree))
    assert render(again) == render(tree)
    assert depth(again) == depth(tree)


def decide(data: bytes) -> None:
    """Facts are decided on alike by both backends, or refused; nothing that is not understood passes as an entry."""
    text = data.decode("utf-8", "replace")
    found = []
    for engine in engines():
        try:
            facts = engine.reader.read_json(text)
        except (FactsFault, ValueError):
            continue
        decision = engine.decide_snapshot(facts)
        assert "engine_error" not in decision.reasons
        found.append(decision.to_json())
    assert len(set(found)) <= 1
    assert len(found) in (0, len(engines()))


def reader(data: bytes) -> None:
    """A universe is refused, or decides alike in both backends; also one that was altered and sealed again."""
    try:
        found = read_universe(_altered(data))
    except UniverseFault:
        return
    answers = {Engine(found.ruleset, backend).decide(quiet()).to_json() for backend in BACKENDS}
    assert len(answers) == 1


@cache
def quiet() -> Mapping[str, Any]:
    """A quiet account's order."""
    return quiet_facts(universe(), "BTCUSDT", Decimal(250_000))


def _altered(data: bytes) -> str:
    """The data as it is, where it begins like JSON; else the shipped universe with a part replaced, sealed again.

    Each byte of the first half chooses a part of the part before it; the second half is what stands there then.
    """
    if data[:1] in (b"{", b"[", b""):
        return data.decode("utf-8", "replace")
    path, rest = data[: len(data) // 2], data[len(data) // 2 :]
    document = json.loads(json.dumps(universe().document))
    place: Any = document
    for byte in path[:-1]:
        keys = _keys(place)
        inner = place[keys[byte % len(keys)]] if keys else None
        if not isinstance(inner, dict | list) or not inner:
            break
        place = inner
    keys = _keys(place)
    if keys and path:
        place[keys[path[-1] % len(keys)]] = _value(rest)
    document["universe"] = fingerprint(document)
    return json.dumps(document)


def _keys(place: Any) -> list[Any]:
    return list(place) if isinstance(place, dict) else list(range(len(place)))


def _value(data: bytes) -> Any:
    text = data.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "loader": loader,
    "parser": parser,
    "decide": decide,
    "reader": reader,
}


def seeds(name: str) -> list[bytes]:
    """Inputs to begin with: what is really read there."""
    if name == "loader":
        return [p.read_bytes()[:3000] for p in sorted((ROOT / "rules").glob("*.yaml"))]
    if name == "parser":
        return [m.text.encode() for m in universe().ruleset.measures.values()]
    if name == "decide":
        return [json.dumps(facts).encode() for facts in (quiet(), EXIT, {})]
    return [b"{}", bytes([18, 3, 2, 1, 34, 120, 34, 50]), bytes([8, 0, 8, 0]) + b'"1"0', bytes([20, 1, 0, 0]) + b"null"]

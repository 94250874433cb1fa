"""What is fuzzed: each door that reads text from outside, with what must hold of whatever comes through it.

A door says what an input came to, in few words: inputs that come to the same are of one kind.
"""

import json
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final

from engine import BACKENDS, Engine
from engine.facts import FactReader, FactsFault
from engine.syntax import FUNCTIONS, SyntaxFault, depth, parse, render, tokens
from generator.compile.finish import file_text
from generator.compile.problems import render as shown
from generator.compile.stages import compile_universe
from generator.compile.text import read_text
from generator.format.texts import FormatFault, formatted, same
from research.intents import stream
from tests.conftest import ROOT, TODAY
from tests.fuzz.altered import altered, by_edits, keys_of, path_to, small
from tests.fuzz.damage import ODD_VALUES, Damage, by_bytes, by_lines, by_tree, by_words
from universe.quiet import quiet_facts
from universe.reader import Universe, UniverseFault
from universe.reader import parse as read_universe

EXIT: Final = {"order": {"symbol": "BTCUSDT", "side": "SELL", "price": "87500", "quantity": "0.5"}}
_OF_THE_INPUT: Final = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"|[0-9]+")


@dataclass(frozen=True)
class Door:
    """A door: what must hold of an input (AssertionError, or any other error, where it doesn't), what really comes in
    there, how that is damaged, and the words that mean something there.
    """

    comes_to: Callable[[bytes], Hashable]
    seeds: Callable[[], list[bytes]]
    ways: tuple[Damage, ...]
    words: Callable[[], Sequence[bytes]]


@cache
def universe() -> Universe:
    """The shipped rules, compiled."""
    return read_universe(file_text(compile_universe(ROOT, today=TODAY).document))


@cache
def engines() -> tuple[Engine, ...]:
    """The shipped rules in each backend."""
    return tuple(Engine(universe().ruleset, backend) for backend in BACKENDS)


@cache
def quiet() -> Mapping[str, Any]:
    """A quiet account's order."""
    return quiet_facts(universe(), "BTCUSDT", Decimal(250_000))


def loader(data: bytes) -> Hashable:
    """A text is read strictly or has problems with places; what is read can be formatted, or is left alone."""
    text = data.decode("utf-8", "surrogateescape")
    document, problems = read_text("rules/any.yaml", text)
    for problem in problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert shown(problem, text)
    if problems:
        return frozenset((p.code, _kind_of(p.message)) for p in problems)
    try:
        made = formatted("rules/any.yaml", text, {})
    except FormatFault as fault:
        return _kind_of(str(fault))
    assert same(read_text("", made)[0].data, document.data)
    assert formatted("rules/any.yaml", made, {}) == made
    return made == text, frozenset(c for c in "|>'\"{[#?:,\r" if c in text)


def parser(data: bytes) -> Hashable:
    """An expression is read or refused at a place in it; written canonically it is read as the same."""
    text = data.decode("utf-8", "replace")
    refused = None
    try:
        tree = parse(text)
    except SyntaxFault as fault:
        refused = fault
    if refused is not None:
        assert 0 <= refused.at <= len(text)
        return _kind_of(str(refused))
    again = parse(render(tree))
    assert render(again) == render(tree)
    assert depth(again) == depth(tree)
    return depth(tree), frozenset(t.text if t.kind == "op" else t.kind for t in tokens(text))


def decide(data: bytes) -> Hashable:
    """Facts are decided on alike by both backends, or refused; nothing that is not understood passes as an entry. What
    a reader learnt from earlier facts changes nothing.
    """
    text = data.decode("utf-8", "replace")
    readers = [FactReader(universe().ruleset), *(engine.reader for engine in engines())]
    snapshots, refused = [], []
    for reader in readers:
        try:
            snapshots.append(reader.read_json(text))
        except (FactsFault, ValueError) as fault:
            refused.append(_kind_of(str(fault)))
    assert len(refused) in (0, len(readers))
    if refused:
        return refused[0]
    assert len({(repr(s.values), repr(s.invalid), s.json) for s in snapshots}) == 1
    found = []
    for scope in ("order", "account"):
        decisions = [engine.decide_snapshot(s, scope) for engine, s in zip(engines(), snapshots[1:], strict=True)]
        assert all("engine_error" not in decision.reasons for decision in decisions)
        assert len({decision.to_json() for decision in decisions}) == 1
        found.append(frozenset(decisions[0].reasons))
    return tuple(found)


def reader(data: bytes) -> Hashable:
    """A universe is refused, or decides alike in both backends; also one that was altered and sealed again."""
    as_it_is = data[:1] in (b"{", b"[", b"")
    try:
        found = read_universe(data.decode("utf-8", "replace") if as_it_is else json.dumps(altered(base(), data)))
    except UniverseFault as fault:
        return _kind_of(str(fault))
    decisions = [Engine(found.ruleset, backend).decide(quiet()) for backend in BACKENDS]
    assert len({decision.to_json() for decision in decisions}) == 1
    return frozenset(decisions[0].reasons)


@cache
def base() -> dict[str, Any]:
    """The universe that is altered."""
    return small(universe().document)


def _kind_of(message: str) -> str:
    """The beginning of a message, without what it quotes of the input."""
    return _OF_THE_INPUT.sub("…", message.partition("\n")[0])[:80]


def _rule_files() -> list[bytes]:
    """The shipped rules: each whole file's beginning, and each part that is set off by blank lines."""
    texts = [p.read_bytes() for p in sorted((ROOT / "rules").rglob("*.yaml"))]
    parts = [part + b"\n" for text in texts for part in text.split(b"\n\n") if 40 < len(part) < 800]
    return [*(text[:1500] for text in texts), *parts[::4]]


def _yaml_words() -> list[bytes]:
    signs = rb"""- ;: ;? ;, ;{;};[;];';";#; #;&a ;*a;!t ;%YAML;---;...;|;>-;|+2;>;<<: ;~;\x41;\u2028""".split(b";")
    characters = "\n \n\n \r\n \t \x00 \x85 \u2028 \ufeff \ud800".split(" ")
    return [*signs, *(c.encode("utf-8", "surrogatepass") for c in characters)]


def _expression_words() -> list[bytes]:
    signs = (
        "+ - * / ( ) < <= > >= == != , ** // % = . ' \" ' and or not in not_in if is true false 0 1 1_000 0.5 1e3 \x85"
    )
    return [f" {word} ".replace("_in", " in").encode() for word in [*signs.split(" "), *FUNCTIONS, "known(", "'x'"]]


def _fact_words() -> list[bytes]:
    document = universe().document
    parts = {part for name in universe().ruleset.catalog.facts for part in name.split(".")}
    return [w.encode() for w in (*sorted(parts), *document["symbols"], *document["strategies"], "BUY", "SELL", "1e9")]


def _edit_words() -> list[bytes]:
    odd = [b"=" + json.dumps(value).encode() for value in ODD_VALUES if value != 1e400]
    names = [b"~" + name.encode() for name in ("id", "when", "require", "BTCUSDT", "of", "")]
    expressions = [
        b'="' + text + b'"' for text in (b"caps.leverage", b"order.price", b"not true", b"nav.total / 0", b"(")
    ]
    return [*odd, *names, *expressions, b"-", *(b"@" + bytes([a, b]) for a in range(12, 20) for b in range(3))]


def _edits() -> list[bytes]:
    """One edit of each kind, in each part of the universe."""
    document = base()
    places = [path_to(document, part) for part in document]
    inner = [
        path_to(document, part, next(iter(keys_of(document[part])))) for part in document if keys_of(document[part])
    ]
    return [b"{}", *(p + e for p in (*places, *inner) for e in (b'="x"', b"=null", b"-", b"@" + inner[0], b"~x"))]


def _orders() -> list[bytes]:
    """Intents of a fund that trades for a while, with troubles mixed in."""
    intents = [*stream(universe(), 400, seed=1)][::10]
    return [json.dumps(facts).encode() for facts in (quiet(), EXIT, {}, *intents)]


DOORS: Final[Mapping[str, Door]] = {
    "loader": Door(loader, _rule_files, (by_lines, by_words, by_bytes), _yaml_words),
    "parser": Door(
        parser,
        lambda: [m.text.encode() for m in universe().ruleset.measures.values()],
        (by_words, by_words, by_bytes),
        _expression_words,
    ),
    "decide": Door(decide, _orders, (by_tree, by_tree, by_tree, by_bytes), _fact_words),
    "reader": Door(reader, _edits, (by_edits, by_edits, by_lines, by_bytes), _edit_words),
}

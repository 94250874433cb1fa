"""The engine is generic, and stands on nothing."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Set

from tests.architecture.sources import each_room, found_in, imports, planted, text_of, tree_of

TRADING = frozenset(
    """
    binance btc btcusdt candle drawdown ethusdt exchange futures leverage ledger maker nav notional portfolio
    strategies strategy symbol symbols taker ticker trade trader trades trading usd usdt venue
    """.split()
)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# A list named `order` is a sequence; an `order` with other parts is one that is sent.
ORDER_FACT = re.compile(r"\border\.(?!append|copy|extend|index|insert|pop|reverse|sort)[a-z_]+")
ORDER_NAME = re.compile(r"(\w*_)?order_(id|notional|price|quantity|sent|side|size)|(\w*_)?orders(_\w*)?")

STDLIB = frozenset(
    """
    __future__ abc ast bisect collections contextlib copy dataclasses decimal difflib enum fractions functools
    graphlib hashlib heapq itertools json keyword math numbers operator re string textwrap types typing
    """.split()
)
# Guests, imported where they are needed and nowhere else: whoever asks for no columns needs none of them.
GUESTS = {
    "engine/columns.py": {"numba", "numpy"},
    "engine/backends/fused.py": {"numpy"},
    "engine/backends/masks.py": {"numpy"},
    "engine/backends/tables.py": {"numpy"},
    "engine/backends/sql.py": {"sqlglot"},
}


def trading_words(text: str) -> list[str]:
    """Where a file speaks of trading; `order` is let through as long as it means sequence."""
    found = []
    for line, content in enumerate(text.splitlines(), 1):
        words = [word for word in WORD.findall(content) if word.lower() in TRADING]
        found += [f"{line}: {word}" for word in words + ORDER_FACT.findall(content)]
    return found + [f"{line}: {name}" for line, name in _names(text) if _is_an_order(name)]


def _names(text: str) -> Iterator[tuple[int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return ((token.start[0], token.string) for token in tokens if token.type == tokenize.NAME)


def _is_an_order(name: str) -> bool:
    return "Order" in WORD.findall(name) or ORDER_NAME.fullmatch(name) is not None


def foreign_imports(tree: ast.Module, guests: Set[str] = frozenset()) -> list[str]:
    """Imports of anything but the engine itself and the harmless part of the standard library; a guest's may stand in
    a function only.
    """
    allowed = STDLIB | {"engine", ""} | guests
    early = [
        f"{n.lineno}: {name}"
        for n in tree.body
        for _, name in imports(ast.Module([n], []))
        if name in guests and isinstance(n, ast.Import | ast.ImportFrom)
    ]
    return early + [f"{line}: {name}" for line, name in imports(tree) if name.partition(".")[0] not in allowed]


@each_room("engine")
def test_the_engine_knows_no_word_of_trading(room: str) -> None:
    """Subjects, facts and limits: what they are called, the catalogs say."""
    assert found_in(room, lambda path: trading_words(text_of(path))) == []


@each_room("engine")
def test_the_engine_imports_only_itself_and_pure_standard_modules(room: str) -> None:
    """No other room, no third party but late guests, nothing that reads a file, a clock or the environment."""
    assert found_in(room, lambda path: foreign_imports(tree_of(path), GUESTS.get(path, set()))) == []


def test_trading_words_are_found_in_names_comments_and_texts() -> None:
    """Whole words count, also inside snake_case and CamelCase."""
    text = "max_leverage = 1  # of a Symbol\nclass VenueCaps: 'in USDT'\nNAV = 'order.side'\nOpenOrder = 1\n"

    assert trading_words(text) == [
        "1: leverage",
        "1: Symbol",
        "2: Venue",
        "2: USDT",
        "3: NAV",
        "3: order.side",
        "4: OpenOrder",
    ]


def test_order_as_sequence_and_longer_words_pass() -> None:
    """The check must leave plain English alone."""
    text = "# in file order. Order of rows; navigate, trademark\nfile_order = ORDER = 1\norder.append(2)\n"

    assert trading_words(text) == []


def test_foreign_imports_are_found_wherever_they_stand() -> None:
    """Also inside a function, and under another name."""
    tree = planted("""
        import re, os
        from universe import x
        from engine import y
        def f():
            import yaml as json
    """)

    assert foreign_imports(tree) == ["1: os", "2: universe.x", "5: yaml"]


def test_a_guest_comes_late_or_not_at_all() -> None:
    """At the top of a file it would be imported by whoever imports the file."""
    late, early = planted("def f():\n    import numpy\n"), planted("import numpy\n")

    assert foreign_imports(late, {"numpy"}) == []
    assert foreign_imports(early, {"numpy"}) == ["1: numpy"]
    assert foreign_imports(late) == ["2: numpy"]

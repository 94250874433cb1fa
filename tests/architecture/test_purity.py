"""Time, chance and the environment come in as arguments, and no module keeps state."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.sources import (
    BELOW_CLI,
    ROOMS,
    Function,
    Names,
    calls,
    each_room,
    found_in,
    functions,
    mentions,
    names_in,
    planted,
    tree_of,
)

READS = frozenset(
    """
    time.time time.time_ns time.localtime time.gmtime time.ctime time.monotonic time.monotonic_ns
    time.perf_counter time.perf_counter_ns time.process_time time.process_time_ns time.sleep
    datetime.datetime.now datetime.datetime.today datetime.datetime.utcnow datetime.date.today
    os.environ os.environb os.getenv os.getenvb os.urandom uuid.uuid1 uuid.uuid4
    """.split()
)
STOPWATCH = frozenset({"time.perf_counter", "time.perf_counter_ns", "time.process_time"})

DISPLAYS = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
MAKERS = frozenset(
    """
    list dict set bytearray itertools.count
    collections.defaultdict collections.deque collections.Counter collections.OrderedDict
    """.split()
)
CHANGERS = frozenset(
    """
    add append appendleft clear discard extend extendleft insert pop popitem popleft remove reverse setdefault
    sort update
    """.split()
)
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*|__all__")


def outside_reads(tree: ast.Module, allowed: frozenset[str] = frozenset()) -> list[str]:
    """Where a file reads a clock, the environment, or chance that no seed fixes."""
    found = {(line, name) for line, name in mentions(tree) if name in READS - allowed or _is_chance(name)}
    found |= {(call.lineno, f"{name}()") for call, name in calls(tree) if _is_unseeded(call, name)}
    return [f"{line}: {name}" for line, name in sorted(found)]


def _is_chance(name: str) -> bool:
    module, _, thing = name.partition(".")
    return module == "secrets" or (module == "random" and thing.partition(".")[0] not in ("", "Random"))


def _is_unseeded(call: ast.Call, name: str) -> bool:
    return name == "random.Random" and not call.args


def mutable_globals(tree: ast.Module) -> list[str]:
    """A module's lists, dicts and sets that are no constants, and what its functions change of constants."""
    names = names_in(tree)
    found = [
        f"{target.lineno}: {target.id} is a mutable global"
        for target, value in _module_bindings(tree)
        if _is_mutable(value, names) and not CONSTANT.fullmatch(target.id)
    ]
    changes = (change for function in functions(tree) for change in _changes(function))
    return found + [f"{line}: {what}" for line, what in dict.fromkeys(changes)]


def _module_bindings(node: ast.AST) -> Iterator[tuple[ast.Name, ast.expr]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            targets = child.targets if isinstance(child, ast.Assign) else [child.target]
            for name in (name for target in targets for name in ast.walk(target)):
                if isinstance(name, ast.Name) and child.value is not None:
                    yield name, child.value
        elif not isinstance(child, Function | ast.ClassDef | ast.Lambda):
            yield from _module_bindings(child)


def _is_mutable(value: ast.expr, names: Names) -> bool:
    if isinstance(value, ast.Tuple):
        return any(_is_mutable(element, names) for element in value.elts)
    return isinstance(value, DISPLAYS) or (isinstance(value, ast.Call) and names.of(value.func) in MAKERS)


def _changes(function: Function) -> Iterator[tuple[int, str]]:
    for node in ast.walk(function):
        match node:
            case ast.Global(names=names):
                yield node.lineno, f"global {', '.join(names)}"
            case ast.Call(func=ast.Attribute(value=owner, attr=verb)) if verb in CHANGERS:
                if _is_constant(owner):
                    yield node.lineno, f"{ast.unparse(owner)}.{verb}"
            case ast.Subscript(value=owner, ctx=ast.Store() | ast.Del()):
                if _is_constant(owner):
                    yield node.lineno, f"{ast.unparse(node)} is set"


def _is_constant(node: ast.expr) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return CONSTANT.fullmatch(name) is not None
    return False


@each_room(*(room for room in BELOW_CLI if room != "research"))
def test_nothing_below_cli_reads_a_clock_the_environment_or_chance(room: str) -> None:
    """Deciding twice gives the same bytes only if all that is read comes in as an argument."""
    assert found_in(room, lambda path: outside_reads(tree_of(path))) == []


@each_room("research")
def test_research_reads_a_stopwatch_at_most_and_seeds_its_chance(room: str) -> None:
    """A benchmark may measure how long something took; a result may not depend on when it ran."""
    assert found_in(room, lambda path: outside_reads(tree_of(path), allowed=STOPWATCH)) == []


@each_room(*ROOMS)
def test_no_module_holds_state(room: str) -> None:
    """What a module binds at its top is a constant, and no function changes it."""
    assert found_in(room, lambda path: mutable_globals(tree_of(path))) == []


def test_outside_reads_are_found_behind_aliases() -> None:
    """An alias, a default argument and a bare import are reads as well."""
    tree = planted("""
        from time import time as now
        import datetime as dt
        from os import environ
        import random
        def f(clock=now):
            return dt.datetime.now(), random.random(), random.Random()
    """)

    assert outside_reads(tree) == [
        "1: time.time",
        "3: os.environ",
        "5: time.time",
        "6: datetime.datetime.now",
        "6: random.Random()",
        "6: random.random",
    ]


def test_a_seeded_random_a_given_time_and_an_allowed_stopwatch_pass() -> None:
    """What comes in as an argument is no read."""
    tree = planted("""
        import random, time
        from datetime import UTC, datetime
        def f(seed, seconds):
            started = time.perf_counter()
            return random.Random(seed).random(), datetime.fromtimestamp(seconds, UTC)
    """)

    assert outside_reads(tree, allowed=STOPWATCH) == []


def test_mutable_globals_and_changed_constants_are_found() -> None:
    """Both the lower-case list and the constant that a function fills."""
    tree = planted("""
        from collections import deque
        cache = {}
        if True:
            seen: deque[int] = deque()
        TABLE, LIST = {}, []
        def f():
            global cache
            TABLE['a'] = 1
            LIST.append(2)
    """)

    assert mutable_globals(tree) == [
        "2: cache is a mutable global",
        "4: seen is a mutable global",
        "7: global cache",
        "8: TABLE['a'] is set",
        "9: LIST.append",
    ]


def test_constants_and_local_state_pass() -> None:
    """A table that is only read, and a list that lives as long as a call."""
    tree = planted("""
        __all__ = ['f']
        TABLE = {'a': 1}
        names = frozenset({'b'})
        def f():
            rows = []
            rows.append(TABLE['a'])
    """)

    assert mutable_globals(tree) == []

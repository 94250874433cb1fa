"""Money is exact."""

import ast

from tests.architecture.sources import calls, each_room, found_in, mentions, names_in, nodes_of, planted, tree_of

# Estimates over returns are statistics, not money; what comes out of them is a decimal.
ESTIMATES = frozenset({"execution/statistics.py", "strategies/indicators.py"})
# Floats stand beside exact numbers, and say only what a proved bound on their error makes certain.
GUARDED = frozenset({"engine/backends/near.py", "engine/backends/intake.py", "engine/backends/steps.py"})
CONSTANTS = frozenset({"math.e", "math.inf", "math.nan", "math.pi"})


def floats(tree: ast.Module) -> list[str]:
    """Where a file writes a float, makes one, or hands `float` on; asking whether a value is one is fine."""
    names = names_in(tree)
    found = [(line, name) for line, name in mentions(tree) if name in CONSTANTS]
    for node in nodes_of(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            found.append((node.lineno, repr(node.value)))
    for call, name in calls(tree):
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if name == "float" or name.startswith("float."):
            found.append((call.lineno, f"{name}()"))
        elif name != "isinstance" and any(names.of(value) == "float" for value in given):
            found.append((call.lineno, f"{name}(float)"))
    return [f"{line}: {what}" for line, what in sorted(set(found))]


@each_room("engine", "execution", "generator", "strategies", "universe")
def test_no_float_in_a_money_path(room: str) -> None:
    """A float is exact by luck, and an order sized to the cap must pass."""
    assert found_in(room, lambda path: floats(tree_of(path)) if path not in ESTIMATES | GUARDED else []) == []


def test_floats_are_found_as_literal_as_call_and_as_argument() -> None:
    """`parse_float=float` makes as many floats as `float()` does."""
    tree = planted("""
        import json, math
        a = 0.5
        b = float('1')
        c = map(float, 'x')
        d = json.loads('', parse_float=float)
        e = math.inf
    """)

    assert floats(tree) == ["2: 0.5", "3: float()", "4: map(float)", "5: json.loads(float)", "6: math.inf"]


def test_refusing_a_float_is_not_using_one() -> None:
    """A reader that turns floats away has to name them."""
    assert floats(planted("def f(x: float | int) -> bool: return isinstance(x, float) or x == 5")) == []

"""One gate, and no way around it."""

import ast
import re

import yaml

from tests.architecture.sources import (
    ROOMS,
    ROOT,
    each_room,
    found_in,
    functions,
    names_in,
    nodes_of,
    planted,
    text_of,
    tree_of,
)

GATE = "execution/gate.py"
DETOURS = frozenset({"bypass", "force", "ignore", "skip"})
WORD = re.compile(r"[a-z]+")
YAML_FILES = sorted(
    path.relative_to(ROOT).as_posix() for room in ("rules", "schemas") for path in (ROOT / room).rglob("*.yaml")
)


def clearances(tree: ast.Module) -> list[str]:
    """Where a file makes a `Clearance`: by calling it, a constructor of it, or a class derived from it."""
    names = names_in(tree)

    def is_clearance(node: ast.expr) -> bool:
        return "Clearance" in names.of(node).split(".")

    found = []
    for node in nodes_of(tree):
        match node:
            case ast.Call(func=func, args=args):
                name = names.of(func)
                if is_clearance(func) or (name.endswith("__new__") and any(map(is_clearance, args))):
                    found.append((node.lineno, f"{name}()"))
            case ast.ClassDef(name=name, bases=bases) if any(map(is_clearance, bases)):
                found.append((node.lineno, f"class {name}"))
    return [f"{line}: {what}" for line, what in sorted(found)]


def detours_in_code(tree: ast.Module) -> list[str]:
    """Parameters, fields and command-line options that are named for going around a check."""
    found: list[tuple[int, str]] = []
    for function in functions(tree):
        arguments = (node for node in ast.walk(function.args) if isinstance(node, ast.arg))
        found += [(argument.lineno, argument.arg) for argument in arguments]
    for node in nodes_of(tree):
        match node:
            case ast.ClassDef(body=body):
                fields = (line.target for line in body if isinstance(line, ast.AnnAssign))
                found += [(field.lineno, ast.unparse(field)) for field in fields]
            case ast.Constant(value=str(option)) if option.startswith("--"):
                found.append((node.lineno, option))
    return [f"{line}: {name}" for line, name in sorted(found) if _is_detour(name)]


def detours_in_yaml(text: str) -> list[str]:
    """Keys that are named for going around a check, at any depth."""
    keys: list[yaml.ScalarNode] = []
    waiting = [yaml.compose(text, Loader=yaml.CSafeLoader)]
    while waiting:
        match waiting.pop():
            case yaml.MappingNode(value=pairs):
                keys += [key for key, _ in pairs]
                waiting += [value for _, value in pairs]
            case yaml.SequenceNode(value=values):
                waiting += values
    return sorted(f"{key.start_mark.line + 1}: {key.value}" for key in keys if _is_detour(str(key.value)))


def _is_detour(name: str) -> bool:
    return not DETOURS.isdisjoint(WORD.findall(name.lower()))


@each_room(*ROOMS)
def test_only_the_gate_makes_a_clearance(room: str) -> None:
    """An order that was not approved can't be expressed."""
    assert found_in(room, lambda path: clearances(tree_of(path)) if path != GATE else []) == []


@each_room(*ROOMS)
def test_no_parameter_or_option_is_named_for_a_detour(room: str) -> None:
    """There is no setting named bypass, skip, force or ignore."""
    assert found_in(room, lambda path: detours_in_code(tree_of(path))) == []


def test_no_yaml_key_is_named_for_a_detour() -> None:
    """What code may not offer, rules and catalogs may not either."""
    assert [f"{path}: {what}" for path in YAML_FILES for what in detours_in_yaml(text_of(path))] == []


def test_a_clearance_made_elsewhere_is_found() -> None:
    """By its name, an alias, a constructor of its own, a bare `__new__`, or a subclass."""
    tree = planted("""
        from execution import gate
        from execution.gate import Clearance as C
        gate.Clearance(1)
        C(2)
        C.of(3)
        object.__new__(C)
        class Mine(C): ...
    """)

    assert clearances(tree) == [
        "3: execution.gate.Clearance()",
        "4: execution.gate.Clearance()",
        "5: execution.gate.Clearance.of()",
        "6: object.__new__()",
        "7: class Mine",
    ]


def test_taking_a_clearance_is_not_making_one() -> None:
    """The router and the venues name it in their signatures."""
    tree = planted("""
        from execution.gate import Clearance
        def send(clearance: Clearance) -> None:
            place(clearance.quantity)
    """)

    assert clearances(tree) == []


def test_detours_are_found_in_parameters_fields_and_options() -> None:
    """As a word of the name, wherever in it."""
    tree = planted("""
        def f(a, *, skip_checks=False): ...
        class C:
            force: bool
        option('--no-bypass/--bypass')
        enforce = lambda ignore: ignore
    """)

    assert detours_in_code(tree) == ["1: skip_checks", "3: force", "4: --no-bypass/--bypass"]


def test_detours_are_found_in_yaml_keys() -> None:
    """At any depth; a value may say what it likes."""
    assert detours_in_yaml("a: {ignore: x}\nb:\n  - {enforce: skip, skip_me: z}\n") == [
        "1: ignore",
        "3: skip_me",
    ]

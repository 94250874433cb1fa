"""Text from outside can run nothing."""

import ast
from collections import Counter

from tests.architecture.sources import (
    ROOMS,
    Function,
    Names,
    calls,
    each_room,
    found_in,
    functions,
    imports,
    names_in,
    nodes_of,
    planted,
    tree_of,
)

BACKEND = "engine/backends/python.py"
EVALUATORS = frozenset({"eval", "exec", "compile", "__import__"})
ASSEMBLERS = frozenset({"types.CodeType", "types.FunctionType"})
UNPICKLERS = frozenset({"code", "codeop", "dill", "marshal", "pickle", "runpy", "shelve"})
LOOSE = frozenset(
    """
    yaml.full_load yaml.full_load_all yaml.safe_load yaml.safe_load_all yaml.unsafe_load yaml.unsafe_load_all
    jinja2.Environment jinja2.Template jinja2.environment.Environment jinja2.environment.Template
    jinja2.nativetypes.NativeEnvironment jinja2.sandbox.SandboxedEnvironment
    """.split()
)
TREES = frozenset({"ast.Module", "ast.Expression"})


def evaluations(tree: ast.Module, builds_programs: bool = False) -> list[str]:
    """Where a file could run text that it was given.

    The backend that builds programs may run what is visibly a tree of its own making, and may not parse text.
    """
    names = names_in(tree)
    loose = LOOSE if builds_programs else LOOSE | ASSEMBLERS
    found = [(line, name) for line, name in imports(tree) if name.partition(".")[0] in UNPICKLERS]
    found += [(call.lineno, name) for call, name in calls(tree) if name in loose or _is_loose_load(call, name)]
    banned = EVALUATORS | {"ast.parse"} if builds_programs else EVALUATORS
    allowed = _safe_uses(tree, names) if builds_programs else set()
    for node in (node for node in nodes_of(tree) if isinstance(node, ast.Name | ast.Attribute)):
        name = names.of(node).removeprefix("builtins.")
        if name in banned and node not in allowed:
            found.append((node.lineno, name))
    return [f"{line}: {name}" for line, name in sorted(set(found))]


def _is_loose_load(call: ast.Call, name: str) -> bool:
    loaders = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "Loader")]
    is_strict = any(ast.unparse(loader).rpartition(".")[2].lstrip("_").startswith("Strict") for loader in loaders)
    return name in ("yaml.load", "yaml.load_all") and not is_strict


def _safe_uses(tree: ast.Module, names: Names) -> set[ast.AST]:
    safe: set[ast.AST] = set()
    for function in functions(tree):
        origin = Origin(tree, function, names)
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and origin.is_safe(node):
                safe.add(node.func)
    return safe


class Origin:
    """Where an argument comes from, as far as one function and the signatures of its file show."""

    def __init__(self, tree: ast.Module, function: Function, names: Names) -> None:
        self.names = names
        self.builders = {f".{maker.name}" for maker in functions(tree) if self._says_tree(maker.returns)}
        arguments = [node for node in ast.walk(function.args) if isinstance(node, ast.arg)]
        self.parameters = {argument.arg for argument in arguments if self._says_tree(argument.annotation)}
        self.values: dict[str, list[ast.expr]] = {}
        self.bindings: Counter[str] = Counter()
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.bindings[node.id] += 1
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.values.setdefault(node.targets[0].id, []).append(node.value)

    def is_safe(self, call: ast.Call) -> bool:
        """`compile` takes a tree; `eval` and `exec` take what such a `compile` returned."""
        name = self.names.of(call.func)
        if name == "compile":
            return bool(call.args) and self._is_tree(call.args[0])
        return name in ("eval", "exec") and bool(call.args) and self._is_code(call.args[0])

    def _says_tree(self, annotation: ast.expr | None) -> bool:
        return annotation is not None and self.names.of(annotation) in TREES

    def _is_tree(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            name = self.names.of(node.func)
            return name in TREES | self.builders or (
                name == "ast.fix_missing_locations" and self._is_tree(node.args[0])
            )
        values = self._all_values(node)
        is_parameter = isinstance(node, ast.Name) and node.id in self.parameters
        return is_parameter if values is None else all(map(self._is_tree, values))

    def _is_code(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            return self.names.of(node.func) == "compile" and self.is_safe(node)
        values = self._all_values(node)
        return values is not None and all(map(self._is_code, values))

    def _all_values(self, node: ast.expr) -> list[ast.expr] | None:
        """What a variable was assigned; None where it is not bound, or not by assignment alone."""
        if not isinstance(node, ast.Name):
            return None
        values = self.values.get(node.id, [])
        return values if values and len(values) == self.bindings[node.id] else None


@each_room(*ROOMS)
def test_nothing_evaluates_text(room: str) -> None:
    """No eval, no pickle, no YAML but through the strict reader, no template outside the sandbox."""
    assert found_in(room, lambda path: evaluations(tree_of(path), builds_programs=path == BACKEND)) == []


def test_evaluations_are_found() -> None:
    """Also behind an alias; `re.compile` and a method named `compile` are other things."""
    tree = planted("""
        import pickle, re, yaml
        from builtins import eval as look
        from jinja2 import Template
        re.compile('x'); look('1'); compile('1', '', 'eval')
        rules.compile()
        yaml.safe_load('')
        yaml.load('', Loader=yaml.CSafeLoader)
        yaml.load('', Loader=StrictLoader)
        Template('')
        run = exec
        types.FunctionType(code, {})
    """)

    assert evaluations(tree) == [
        "1: pickle",
        "4: compile",
        "4: eval",
        "6: yaml.safe_load",
        "7: yaml.load",
        "9: jinja2.Template",
        "10: exec",
        "11: types.FunctionType",
    ]


def test_the_backend_may_run_a_tree_that_it_built() -> None:
    """By a constructor, by a function of its own that returns one, or from a typed parameter."""
    tree = planted("""
        import ast
        def build() -> ast.Module: ...
        def f(space, given: ast.Expression):
            module = ast.fix_missing_locations(ast.Module([], []))
            code = compile(module, '', 'exec')
            exec(code, space)
            exec(compile(build(), '', 'exec'), space)
            return compile(given, '', 'eval')
    """)

    assert evaluations(tree, builds_programs=True) == []
    assert evaluations(tree) != []


def test_the_backend_may_not_run_text() -> None:
    """Neither text, nor a tree parsed from text, nor what was bound in a way that can't be followed."""
    tree = planted("""
        import ast
        def f(text, codes):
            compile(text, '', 'exec')
            eval('1')
            tree = ast.fix_missing_locations(ast.parse(text))
            exec(compile(tree, '', 'exec'))
            code = compile(ast.Module([], []), '', 'exec')
            for code in codes:
                exec(code)
    """)

    assert evaluations(tree, builds_programs=True) == [
        "3: compile",
        "4: eval",
        "5: ast.parse",
        "6: compile",
        "6: exec",
        "9: exec",
    ]

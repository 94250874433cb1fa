"""A screen as SQL, for engines that hold more rows than a machine does: the same expressions, in doubles.

Such an engine is asked for what floats make certain and for nothing else: which gates surely veto in a row, as bits,
and whether any is in doubt. Its own decimals are never used, since no two engines divide them alike. What is missing is
NULL.
"""

import ast
from collections.abc import Mapping
from typing import Any, Final

from engine.backends.columns import LONG, SHORT
from engine.backends.entries import INVALID, MISSING
from engine.backends.masks import BITS
from engine.backends.screen import Screen
from engine.backends.sure import both, compare, either, negated
from engine.backends.translate import local

Expression = Any
SOURCE: Final = "source"
WORDS: Final = "words"
PAIRS: Final = "pairs"
# How a number's text looks; so many characters hold no more digits than floats tell apart.
_NUMBER: Final = r"^-?[0-9]+(\.[0-9]+)?$"
_SHORT: Final = 15
_OPERATORS: Final = {
    ast.Add: "Add",
    ast.Sub: "Sub",
    ast.Mult: "Mul",
    ast.Div: "Div",
    ast.BitAnd: "And",
    ast.BitOr: "Or",
}
_COMPARISONS: Final = {ast.Lt: "LT", ast.LtE: "LTE", ast.Gt: "GT", ast.GtE: "GTE", ast.Eq: "EQ", ast.NotEq: "NEQ"}
_CALLS: Final = {"abs": "Abs", "floor": "Floor"}


class Sql:
    """Queries of a screen; `said` are the columns of an answer whose bits say what stops a row.

    Args:
        screen: what is worked out in each row.
        prefix: what stands before the names of facts in the names of columns.
    """

    def __init__(self, screen: Screen, prefix: str) -> None:
        self._screen, self._prefix = screen, prefix
        self.said = [f"said{number}" for number in range(screen.masks.numbers)]

    def words(self) -> list[dict[str, Any]]:
        """The relation of words: each fact's own, with their codes."""
        screen = self._screen
        return [
            {"fact": fact, "word": word, "code": screen.known.codes[word]}
            for fact in screen.words
            for word in sorted(screen.own_words(fact))
        ]

    def pairs(self) -> list[dict[str, Any]]:
        """The relation of what is known of subjects and actors, by codes; -1 is an actor whom nobody knows."""
        screen, known = self._screen, self._screen.known
        subjects = [known.codes[s] for s in screen.ruleset.subjects] if screen.subject else [MISSING]
        actors = [MISSING, *(known.codes[a] for a in screen.ruleset.actors)] if screen.actor else [MISSING]
        who = [(s, a) for s in subjects for a in actors]
        entries = {variable: known.values(entry) for entry, variable in screen.entries.items()}
        return [
            {"subject_code": s, "actor_code": a}
            | {f"applying{number}": part for number, part in enumerate(screen.masks.parts(gates))}
            | {variable: _plain(of[i]) for variable, of in entries.items()}
            for i, ((s, a), gates) in enumerate(zip(who, known.applying(), strict=True))
        ]

    def query(self, dialect: str, columns: Mapping[str, bool]) -> str:
        """All columns of the source, with those that `said` names beside them, and `unsure`.

        Args:
            dialect: of which engine, as sqlglot calls it.
            columns: of the source, and whether each is text.
        """
        from sqlglot import exp

        screen = self._screen
        query = self._with_pairs(self._with_facts(columns))
        stages = [{v: self._is_word(base, word) for v, (base, word) in screen.derived.items()}]
        for statement in screen.measures:
            assert isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
            stages.append({statement.targets[0].id: sql(statement.value)})
        stages += [
            dict(zip(("exempt", "not_exempt"), map(sql, screen.exempt), strict=True)),
            self._judged(),
            self._said(),
        ]
        for number, stage in enumerate(stages):
            inner = query.subquery(f"q{number}")
            query = exp.select("*", *(exp.alias_(value, name, quoted=True) for name, value in stage.items())).from_(
                inner
            )
        text: str = query.sql(dialect=dialect)
        return text

    def _with_facts(self, columns: Mapping[str, bool]) -> Expression:
        """The source with a column for each fact that is read, and `odd` where one is none that can be read."""
        from sqlglot import exp

        screen = self._screen
        made: dict[str, Expression] = {}
        odd: list[Expression] = []
        query = exp.select("s.*").from_(exp.alias_(exp.table_(SOURCE), "s"))
        for name, variable in screen.names.items():
            column, is_text = f"{self._prefix}{name}", columns.get(f"{self._prefix}{name}")
            given = exp.column(column, "s", quoted=True) if is_text is not None else exp.null()
            number, truth = name in screen.numbers, name in screen.truths
            if is_text is not None and is_text is truth:
                odd.append(_is_given(given))
            elif number:
                plain = exp.RegexpLike(this=given.copy(), expression=exp.Literal.string(_NUMBER))
                odd += [] if is_text is None else [exp.and_(_is_given(given), exp.not_(plain))]
                made[variable] = exp.TryCast(this=given, to=exp.DataType.build("double"))
                if name in screen.shorts:
                    fits = exp.LTE(this=exp.Length(this=given.copy()), expression=_int(_SHORT))
                    made[screen.shorts[name]] = exp.case().when(fits, _double(SHORT)).else_(_double(LONG))
            elif truth:
                made[variable] = exp.func("COALESCE", exp.cast(given, "int"), _int(MISSING))
            else:
                none = exp.case().when(_is_given(given), _int(INVALID)).else_(_int(MISSING))
                made[variable] = exp.func("COALESCE", exp.column("code", variable), none)
                here = exp.and_(
                    exp.EQ(this=exp.column("fact", variable), expression=exp.Literal.string(name)),
                    exp.EQ(this=exp.column("word", variable), expression=given.copy()),
                )
                query = query.join(exp.alias_(exp.table_(WORDS), variable), on=here, join_type="left")
        undeclared = [c for c in columns if c.startswith(self._prefix) and not self._is_declared(c)]
        odd += [_is_given(exp.column(c, "s", quoted=True)) for c in [*undeclared, *(c for c in columns if c == "odd")]]
        made["strange"] = exp.or_(exp.false(), *odd)
        return query.select(*(exp.alias_(value, name, quoted=True) for name, value in made.items()))

    def _is_declared(self, column: str) -> bool:
        fact = self._screen.ruleset.catalog.facts.get(column.removeprefix(self._prefix))
        return fact is not None and fact.supplied

    def _with_pairs(self, query: Expression) -> Expression:
        """The same with what is known of subject and actor."""
        from sqlglot import exp

        screen = self._screen
        codes = [
            exp.column(screen.names[fact], "q", quoted=True) if fact else _int(MISSING)
            for fact in (screen.subject, screen.actor)
        ]
        known = exp.func("GREATEST", codes[1], _int(MISSING))
        same = exp.and_(
            exp.EQ(this=exp.column("subject_code", "p"), expression=codes[0]),
            exp.EQ(this=exp.column("actor_code", "p"), expression=known),
        )
        applying = [f"applying{number}" for number in range(screen.masks.numbers)]
        entries = [exp.column(name, "p", quoted=True) for name in [*screen.entries.values(), *applying]]
        listed = exp.alias_(_is_given(exp.column("subject_code", "p")), "listed", quoted=True)
        unlisted = _surely(exp.EQ(this=codes[0].copy(), expression=_int(INVALID))) if screen.subject else exp.false()
        return (
            exp.select("q.*", *entries, listed, exp.alias_(unlisted, "unlisted", quoted=True))
            .from_(query.subquery("q"))
            .join(exp.alias_(exp.table_(PAIRS), "p"), on=same, join_type="left")
        )

    def _is_word(self, fact: str, word: str) -> Expression:
        """1 where a fact is a word, else 0."""
        from sqlglot import exp

        code = ast.Constant(self._screen.known.codes[word])
        is_it = sql(compare(local(self._screen.names[fact]), "==", code))
        return exp.case().when(is_it, exp.cast(_int(1), "double")).else_(exp.cast(_int(0), "double"))

    def _judged(self) -> dict[str, Expression]:
        """Of each gate, whether it surely vetoes, and whether that is in doubt."""
        judged = {}
        for gate in self._screen.gates:
            vetoes, passes = gate.vetoes, gate.passes
            if gate.exemptable:
                vetoes, passes = both(vetoes, local("not_exempt")), either(passes, local("exempt"))
            judged[f"v{gate.place}"] = sql(vetoes)
            judged[f"u{gate.place}"] = sql(negated(either(vetoes, passes)))
        return judged

    def _said(self) -> dict[str, Expression]:
        from sqlglot import exp

        masks = self._screen.masks
        said: list[Expression] = [_int(0) for _ in self.said]
        doubts = [sql(local("strange")), *map(sql, self._screen.outside)]
        for gate in self._screen.gates:
            number, place = divmod(gate.place, BITS)
            bit = _int(1 << place)
            applies = exp.NEQ(
                this=exp.paren(exp.BitwiseAnd(this=_name(f"applying{number}"), expression=bit)), expression=_int(0)
            )
            vetoed = exp.and_(applies, _name(f"v{gate.place}"))
            one = exp.case().when(vetoed, bit.copy()).else_(_int(0))
            said[number] = exp.Add(this=said[number], expression=one)
            doubts.append(exp.and_(applies.copy(), _name(f"u{gate.place}")))
            if self._screen.waivable >> gate.place & 1:
                doubts.append(vetoed.copy())
        nobody = exp.and_(_name("unlisted"), exp.not_(_name("strange")))
        doubt = exp.case().when(nobody, exp.false()).when(_name("listed"), exp.or_(*doubts)).else_(exp.true())
        told = {
            name: exp.case().when(_name("unlisted"), _int(stopped)).else_(total)
            for name, total, stopped in zip(self.said, said, masks.parts(masks.nobody), strict=True)
        }
        return {**told, "unsure": doubt}


def sql(node: ast.expr) -> Expression:
    """An expression of a screen; a comparison with what is missing holds not, as of floats."""
    from sqlglot import exp

    match node:
        case ast.Constant(value=bool() as truth):
            return exp.true() if truth else exp.false()
        case ast.Constant(value=int() as number):
            return exp.paren(_int(number))
        case ast.Constant(value=number):
            return _double(number)
        case ast.Name(id=name):
            return _name(name)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return exp.not_(sql(operand))
        case ast.UnaryOp(operand=operand):
            return exp.paren(exp.Neg(this=sql(operand)))
        case ast.BinOp(left=left, op=op, right=right):
            made = getattr(exp, _OPERATORS[type(op)])(this=sql(left), expression=sql(right))
            return exp.paren(made)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _surely(getattr(exp, _COMPARISONS[type(op)])(this=sql(left), expression=sql(right)))
        case ast.Call(func=ast.Name(id="has"), args=[words, item]):
            inside = exp.ArrayContains(this=sql(words), expression=sql(item))
            return exp.case().when(inside, _int(1)).when(exp.not_(inside.copy()), _int(0))
        case ast.Call(func=ast.Name(id="max" | "min" as name), args=arguments):
            return exp.func("GREATEST" if name == "max" else "LEAST", *map(sql, arguments))
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return getattr(exp, _CALLS[name])(this=sql(argument))
    raise NotImplementedError(f"SQL knows no {ast.dump(node)}")


def _surely(comparison: Expression) -> Expression:
    from sqlglot import exp

    return exp.func("COALESCE", exp.paren(comparison), exp.false())


def _is_given(value: Expression) -> Expression:
    from sqlglot import exp

    return exp.not_(exp.Is(this=value.copy(), expression=exp.null()))


def _name(name: str) -> Expression:
    from sqlglot import exp

    return exp.column(name, quoted=True)


def _int(number: int) -> Expression:
    from sqlglot import exp

    return exp.Literal.number(number) if number >= 0 else exp.Neg(this=exp.Literal.number(-number))


def _double(number: Any) -> Expression:
    from sqlglot import exp

    return exp.cast(exp.Literal.string(repr(number)), "double")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value

"""Checking: names, types, units and divisors, each refused with a code, a place and a remedy."""

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.check import Checker, CheckFault
from engine.tree import Sign, Type, sign_of
from engine.units import Kind
from universe.reader import Universe

WRONG = (
    "nav.totl",
    "exposure_aftr",
    "caps.leverag",
    "tables.route.styl",
    "order.quantity + order.price",
    "nav.total + 1",
    "nav.total < nav.age",
    "positions.open + symbol_share",
    "max(nav.total, nav.age)",
    "nav.total / margin.available",
    "nav.total / (nav.total - nav.peak)",
    "nav.total / 0",
    "order.side == 'HOLD'",
    "order.side == order.symbol",
    "order.side < 'BUY'",
    "order.side in caps.restricted",
    "order.symbol in order.side",
    "'PEPE' in caps.restricted",
    "not nav.total",
    "nav.total and control.kill_switch",
    "-control.kill_switch",
    "abs(order.side)",
    "known(nav.total + nav.peak)",
    "known(exposure_after)",
    "open(nav.total)",
)
RIGHT = (
    ("order.quantity * order.price", Kind.AMOUNT, Sign.NONNEGATIVE),
    ("nav.total / nav.peak", Kind.RATIO, Sign.POSITIVE),
    ("positions.open + 1", Kind.COUNT, Sign.POSITIVE),
    ("2 * positions.open", Kind.COUNT, Sign.NONNEGATIVE),
    ("positions.open * nav.total", Kind.AMOUNT, Sign.NONNEGATIVE),
    ("positions.open * positions.open", Kind.RATIO, Sign.NONNEGATIVE),
    ("positions.open / max(own.positions, 1)", Kind.RATIO, Sign.NONNEGATIVE),
    ("nav.total - nav.peak", Kind.AMOUNT, Sign.ANY),
    ("abs(nav.total - nav.peak)", Kind.AMOUNT, Sign.NONNEGATIVE),
    ("min(nav.total, working.buys)", Kind.AMOUNT, Sign.NONNEGATIVE),
    ("max(nav.total, own.notional)", Kind.AMOUNT, Sign.POSITIVE),
    ("order.quantity > 0", Kind.BOOL, Sign.ANY),
    ("order.side == 'BUY'", Kind.BOOL, Sign.ANY),
    ("order.symbol not in caps.restricted", Kind.BOOL, Sign.ANY),
    ("known(own.cost) and own.cost > 0", Kind.BOOL, Sign.ANY),
)


@pytest.fixture(scope="module")
def checker(universe: Universe) -> Checker:
    """A checker over the shipped catalogs, measures and tables."""
    rules = universe.ruleset
    measures = {
        n: (lambda m=m: (Type(m.unit.kind, m.unit.dimensions), sign_of(m.node))) for n, m in rules.measures.items()
    }
    outputs = {
        f"tables.{t.name}.{o}": (lambda k=kind: (k, Sign.ANY))
        for t in rules.tables.values()
        for o, (kind, _) in t.outputs.items()
    }
    return Checker(rules.catalog, measures, outputs)


@pytest.mark.parametrize(("text", "kind", "sign"), RIGHT)
def test_an_expression_has_the_type_and_sign_of_its_parts(checker: Checker, text: str, kind: Kind, sign: Sign) -> None:
    """Products, quotients and sums of positives are positive, and a max with one; a count is a kind of its own."""
    node = checker.check(text)

    assert (node.type.kind, sign_of(node)) == (kind, sign)


def test_refusals_read_well(checker: Checker, snapshot: SnapshotAssertion) -> None:
    """Each names its code, its place, what is wrong, and where there is one the remedy."""
    lines = []
    for text in WRONG:
        with pytest.raises(CheckFault) as caught:
            checker.check(text)
        fault = caught.value
        lines.append(f"{text}\n  {fault.at}: {fault.code} {fault}" + (f"\n  help: {fault.help}" if fault.help else ""))

    assert "\n".join(lines) == snapshot


def test_a_number_that_decides_is_noticed(checker: Checker) -> None:
    """0, 1, 2 and -1 need no name; any other literal is collected with its place."""
    checker.check("nav.total * 2 - nav.peak * 0.37 > -1 * nav.total")

    assert checker.odd_literals == [(27, "0.37")]

"""Values with units: what reads, what is refused and with which help, and that writing reads back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from engine.units import Kind, Unit, ValueFault, read_unit, read_value, write_value
from tests.engine.random_rules import thorough
from universe.reader import Universe

NAMES = {"base": "BTC"}
WRITTEN = (
    ("ratio", "8%", "0.08"),
    ("ratio", "25bps", "0.0025"),
    ("ratio", "1.5x", "1.5"),
    ("ratio", "0.08", "0.08"),
    ("ratio", "-0.5", "-0.5"),
    ("ratio", "0", "0"),
    ("USDT", "80000 USDT", "80000"),
    ("USDT", "80_000 USDT", "80000"),
    ("USDT", "0", "0"),
    ("duration", "90s", "90"),
    ("duration", "1h30m", "5400"),
    ("duration", "2d", "172800"),
    ("duration", "250ms", "0.25"),
    ("count", "8", "8"),
    ("base", "0.5 BTC", "0.5"),
    ("USDT/base", "50000 USDT/BTC", "50000"),
)
REFUSED = (
    ("ratio", "5"),
    ("ratio", "1"),
    ("ratio", "5 USDT"),
    ("ratio", "ten"),
    ("USDT", "5"),
    ("USDT", "5 EUR"),
    ("USDT", "8__0 USDT"),
    ("USDT", "80_ USDT"),
    ("duration", "5"),
    ("duration", "1:30"),
    ("duration", "30m1h"),
    ("duration", "1h1h"),
    ("duration", "5 fortnights"),
    ("count", "8.5"),
    ("count", "8x"),
    ("base", "0.5"),
    ("base", "0.5 ETH"),
    ("USDT/base", "50000 USDT"),
    ("bool", "yes"),
    ("bool", "1"),
    ("bool", "on"),
    ("ratio", "1e6"),
    ("USDT", "NaN USDT"),
    ("USDT", "Infinity"),
)


@pytest.fixture(scope="module")
def units(universe: Universe) -> dict[str, Unit]:
    """The shipped units."""
    return {n: read_unit(n, e) for n, e in universe.document["units"].items()}


@pytest.mark.parametrize(("unit", "text", "value"), WRITTEN)
def test_a_value_reads_as_the_number_that_it_means(units: dict[str, Unit], unit: str, text: str, value: str) -> None:
    """A unit is part of the value, and nothing is guessed."""
    assert read_value(text, units[unit], NAMES) == Decimal(value)


def test_refusals_read_well(units: dict[str, Unit], snapshot: SnapshotAssertion) -> None:
    """Each refused spelling says what to write instead."""
    lines = []
    for unit, text in REFUSED:
        with pytest.raises(ValueFault) as caught:
            read_value(text, units[unit], NAMES)
        lines.append(f"{unit} {text}: {caught.value}" + (f"; {caught.value.help}" if caught.value.help else ""))

    assert "\n".join(lines) == snapshot


def test_a_coin_needs_its_symbol(units: dict[str, Unit]) -> None:
    """Outside a symbol's own layer no coin can be meant."""
    with pytest.raises(ValueFault, match="only be written where one subject is meant"):
        read_value("0.5 BTC", units["base"], {})


@thorough(133)
@given(st.data(), st.integers(-(10**9), 10**9), st.integers(0, 8))
def test_what_is_written_reads_back(universe: Universe, data: st.DataObject, digits: int, places: int) -> None:
    """write∘read is the identity on every numeric unit."""
    units = {n: read_unit(n, e) for n, e in universe.document["units"].items()}
    unit = data.draw(st.sampled_from([u for u in units.values() if u.numeric]))
    value = Decimal(digits) if unit.kind is Kind.COUNT else Decimal(digits).scaleb(-places)

    assert read_value(write_value(value, unit, NAMES), unit, NAMES) == value


@thorough(133)
@given(text=st.text(max_size=20) | st.text("0123456789._-smhdxUSDTBC %/", max_size=16))
def test_any_text_is_a_value_or_refused(universe: Universe, text: str) -> None:
    """Nothing but a value or a ValueFault comes of a text."""
    for name, entry in universe.document["units"].items():
        said = "a value"
        try:
            read_value(text, read_unit(name, entry), NAMES)
        except ValueFault as fault:
            said = str(fault)

        assert said

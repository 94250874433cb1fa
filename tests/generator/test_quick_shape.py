"""The quick yes never says yes where JSON Schema says no; and on our own files it says yes."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from generator.compile.quick_shape import has_shape
from generator.compile.sources import FILES, schema_of
from generator.compile.stages import Compiled
from generator.compile.text import read_text
from tests.conftest import ROOT

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(-2, 2), st.sampled_from(["", "a", "5%", "true", "BTCUSDT"])
)
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)
NAMES = st.lists(st.sampled_from("abc"), max_size=2)
SCHEMAS = st.recursive(
    st.one_of(
        st.fixed_dictionaries({"type": st.sampled_from(["string", "number", "integer", "boolean", "null", "object"])}),
        st.fixed_dictionaries({"type": st.just(["string", "number"])}),
        st.fixed_dictionaries({"enum": st.lists(SCALARS, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"const": SCALARS}),
        st.fixed_dictionaries({"pattern": st.sampled_from(["^a$", "[0-9]", ""])}),
        st.fixed_dictionaries({"minLength": st.integers(0, 2)}),
        st.fixed_dictionaries({"required": NAMES}),
        st.fixed_dictionaries({"exclusiveMaximum": st.integers(0, 2)}),
        st.fixed_dictionaries({"exclusiveMinimum": st.integers(0, 2)}),
        st.fixed_dictionaries({"uniqueItems": st.booleans()}),
        st.fixed_dictionaries({"maxLength": st.integers(0, 2)}),
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"items": inner, "minItems": st.integers(0, 2)}),
        st.fixed_dictionaries({"items": inner, "uniqueItems": st.just(True)}),
        st.fixed_dictionaries({"dependentRequired": st.dictionaries(st.sampled_from("abc"), NAMES, max_size=2)}),
        st.fixed_dictionaries({"propertyNames": inner}),
        st.fixed_dictionaries(
            {
                "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
                "additionalProperties": st.booleans() | inner,
            }
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=400)
@given(DATA, SCHEMAS)
def test_a_quick_yes_is_a_yes(data: Any, schema: dict[str, Any]) -> None:
    """Whatever the data and the schema."""
    if has_shape(data, schema):
        assert Draft202012Validator(schema).is_valid(data)


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_files_are_a_quick_yes(name: str, compiled: Compiled) -> None:
    """So that nobody waits for an explanation of what is right; with anything broken it is no yes."""
    document, _ = read_text(FILES[name], (ROOT / FILES[name]).read_text(encoding="utf-8"))
    schema = compiled.schemas[schema_of(name)]

    assert has_shape(document.data, schema)
    broken = copy.deepcopy(document.data)
    broken["no_such_key"] = "1"
    assert not has_shape(broken, schema)


def test_the_venue_is_a_quick_yes() -> None:
    """As its reader gives it."""
    from generator.compile.schemas import VENUE

    text = (ROOT / "universe/venues/binance_usdm.json").read_text(encoding="utf-8")

    assert has_shape(json.loads(text, parse_int=str, parse_float=str), VENUE)

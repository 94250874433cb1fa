"""The shape of a document: JSON Schema says which keys there are and of what kind; this turns its errors into
problems.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.catalog import did_you_mean
from engine.faults import Path
from generator.compile.problems import Problem
from generator.compile.quick_shape import has_shape
from generator.compile.text import Document

# Of unknown keys in one place; whoever has more has another mistake.
MOST_KEYS: Final = 50
_COUNTED: Final = {"minItems": "entries", "minLength": "characters"}


def check_shape(document: Document, schema: Mapping[str, Any]) -> list[Problem]:
    """Where the document's data departs from the schema; values that have their own stage (`x-value`) are left to
    it.
    """
    if has_shape(document.data, schema):
        return []
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(schema).iter_errors(document.data)
    return sorted({problem for error in errors for problem in _problems(document, error)})


def _problems(document: Document, error: Any) -> Iterator[Problem]:
    path: Path = tuple(error.absolute_path)
    if isinstance(error.schema, Mapping) and error.schema.get("x-value") and error.validator != "type":
        return
    name = f"`{path[-1]}`" if path else "the file"
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for key in sorted(error.instance.keys() - known.keys())[:MOST_KEYS]:
            message = f"`{key}` is no key here"
            help_text = did_you_mean(str(key), known) or f"known are {', '.join(sorted(known)[:12])}"
            yield document.problem("unknown-key", (*path, key), message, help_text, at_key=True)
    elif error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance:
                yield document.problem("missing-key", path, f"`{key}` is missing", _meaning(error.schema, key))
    elif error.validator == "dependentRequired":
        for key in error.instance.keys() & error.validator_value.keys():
            for needed in (n for n in error.validator_value[key] if n not in error.instance):
                message = f"`{key}` needs `{needed}` beside it"
                yield document.problem(
                    "missing-key", (*path, key), message, _meaning(error.schema, needed), at_key=True
                )
    elif error.validator == "propertyNames" or (
        error.validator == "pattern" and "propertyNames" in error.absolute_schema_path
    ):
        yield document.problem(
            "bad-name", (*path, error.instance), f"`{error.instance}` is no name for this", at_key=True
        )
    elif error.validator in ("enum", "const"):
        allowed = [
            str(v).lower() if isinstance(v, bool) else str(v)
            for v in (error.validator_value if isinstance(error.validator_value, list) else [error.validator_value])
        ]
        words = list(dict.fromkeys(allowed))
        help_text = did_you_mean(str(error.instance), words) or f"one of {', '.join(words)}"
        yield document.problem("bad-value", path, f"`{error.instance}` is no value of {name}", help_text)
    elif error.validator in ("type", "anyOf"):
        yield document.problem(
            "bad-shape", path, f"{name} is not {_wanted(error.schema)}", error.schema.get("description")
        )
    elif error.validator in ("minItems", "minLength"):
        least = error.validator_value
        said = "is empty" if least == 1 else f"is shorter than {least} {_COUNTED[error.validator]}"
        yield document.problem("bad-shape", path, f"{name} {said}")
    else:
        yield document.problem(
            "bad-value", path, f"`{error.instance}` is no value of {name}", error.schema.get("description")
        )


def _wanted(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", "one of its forms")
    first = kinds if isinstance(kinds, str) else "one word"
    return {"object": "a mapping", "array": "a list", "string": "a text"}.get(first, first)


def _meaning(schema: Mapping[str, Any], key: str) -> str | None:
    described = schema.get("properties", {}).get(key, {}).get("description")
    return f"{key}: {described}" if described else None

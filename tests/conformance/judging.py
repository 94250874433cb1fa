"""What an implementation is asked: a decision on facts, and what each table answers."""

from decimal import Decimal
from typing import Any

from engine import Engine
from engine.numbers import canonical


def decided(engine: Engine, text: str, scope: str) -> str:
    """The decision on a JSON text of facts, as canonical JSON."""
    return engine.decide_snapshot(engine.reader.read_json(text), scope).to_json()


def answers(engine: Engine, text: str) -> dict[str, Any]:
    """Each table's row and outputs, numbers as canonical texts; the names that were needed and unknown, where it has
    no row.
    """
    found = {}
    for table in engine.ruleset.tables:
        answer = engine.answer(table, engine.reader.read_json(text))
        outputs = {n: canonical(v) if isinstance(v, Decimal) else v for n, v in answer.outputs.items()}
        found[table] = (
            {"unknown": sorted(answer.unknown)} if answer.row is None else {"row": answer.row, "outputs": outputs}
        )
    return found

"""Random edits of random rule sets: everything that a rule set holds may change, sensibly or not."""

from collections.abc import Callable
from copy import deepcopy
from typing import Final

from engine import Refused, RuleSet, read
from tests.engine.random_rules import COLOURS, SMALL, Dice, Document, RuleMaker, Shape

Edit = Callable[[Dice, Document], None]
BOUNDS: Final = ("at_most", "at_least", "below", "above")


def _holder(dice: Dice, document: Document) -> Document:
    part = dice.pick(["account", "items", "teams"])
    holder = document[part] if part == "account" else dice.pick(list(document[part].values()))
    return dict.setdefault(holder, "caps", {})


def cap_moved(dice: Dice, document: Document) -> None:
    """A cap has another value, or none."""
    caps = _holder(dice, document)
    name = dice.pick(sorted(document["caps"]))
    if name == "colours":
        caps[name] = sorted({dice.pick(COLOURS), dice.pick(COLOURS)})
        return
    whole = document["caps"][name]["unit"] == "count"
    caps[name] = dice.pick(["0", "1", "2", "3", "10"] if whole else SMALL)


def cap_removed(dice: Dice, document: Document) -> None:
    """An item or a team has no value of its own any more."""
    caps = _holder(dice, {**document, "account": {"caps": {}}})
    if caps:
        del caps[dice.pick(sorted(caps))]


def caps_scaled(dice: Dice, document: Document) -> None:
    """Every number among the account's caps moves one way."""
    for name, value in document["account"]["caps"].items():
        if isinstance(value, str) and document["caps"][name]["unit"] != "count":
            document["account"]["caps"][name] = dice.pick(
                [value, value, {"1": "1.5", "2": "1.5", "3": "2"}.get(value, value)]
            )


def gate_removed(dice: Dice, document: Document) -> None:
    """A gate is gone."""
    if len(document["gates"]) > 1:
        document["gates"].remove(dice.pick(document["gates"]))


def gate_doubled(dice: Dice, document: Document) -> None:
    """A gate stands twice, the second time with another bound or guard."""
    gate = {**dice.pick(document["gates"]), "id": f"g{len(document['gates'])}_more"}
    document["gates"].append(gate)
    dice.pick([bound_moved, guard_changed, renamed])(dice, {**document, "gates": [gate]})


def gate_changed(dice: Dice, document: Document) -> None:
    """One word of a gate is another."""
    gate = dice.pick(document["gates"])
    key, values = dice.pick(
        [
            ("on_missing", ["pass", None]),
            ("exits", ["form", "halt", None]),
            ("mode", ["shadow", None]),
            ("scope", ["account", None]),
            ("veto", ["another"]),
        ]
    )
    value = dice.pick(values)
    gate.pop(key, None)
    if key == "mode":
        gate.pop("until", None)
    if value is not None:
        gate[key] = value
        if key == "mode":
            gate["until"] = "2099-12-31"


def bound_moved(dice: Dice, document: Document) -> None:
    """A bound is another one: strict, the other way round, or over another name."""
    gate = dice.pick(document["gates"])
    op = next((o for o in BOUNDS if o in gate), None)
    if op is None:
        return
    limit = gate.pop(op)
    swapped = {"at_most": "below", "below": "at_most", "at_least": "above", "above": "at_least"}
    other = dice.pick([g for g in document["gates"] if any(o in g for o in BOUNDS)] or [{op: limit}])
    gate[dice.pick([swapped[op], swapped[op], op])] = dice.pick(
        [limit, limit, next((other[o] for o in BOUNDS if o in other), limit)]
    )


def measure_changed(dice: Dice, document: Document) -> None:
    """A gate's measure is written otherwise, or means something else."""
    gate = dice.pick(document["gates"])
    if "measure" in gate:
        text = gate["measure"]
        forms = [f"-(-({text}))", f"({text}) + 0", f"max({text}, 0)", f"2 * ({text})", f"abs({text})", f"1 * ({text})"]
        gate["measure"] = dice.pick(forms)
    else:
        text = gate["require"]
        gate["require"] = dice.pick(
            [f"not (not ({text}))", f"({text}) or a.share == 0", f"({text}) and acct.on", f"not ({text})"]
        )


def guard_changed(dice: Dice, document: Document) -> None:
    """A gate's guard is gone, narrower, wider or another gate's."""
    gate = dice.pick(document["gates"])
    others = [g["when"] for g in document["gates"] if "when" in g]
    text = gate.pop("when", None)
    options = [
        "ask.rush",
        *others,
        *([None, f"({text}) and ask.rush", f"({text}) or ask.rush", f"not ({text})"] if text else []),
    ]
    chosen = dice.pick(options)
    if chosen is not None:
        gate["when"] = chosen


def renamed(dice: Dice, document: Document) -> None:
    """A gate has another id."""
    gate = dice.pick(document["gates"])
    gate["id"] = f"{gate['id']}_anew"


def named_changed(dice: Dice, document: Document) -> None:
    """A measure means something else."""
    if document["measures"]:
        measure = document["measures"][dice.pick(sorted(document["measures"]))]
        text = measure["is"]
        if measure["unit"] == "bool":
            measure["is"] = dice.pick([f"not ({text})", f"({text}) or ask.rush", f"({text}) and ask.rush"])
        else:
            measure["is"] = dice.pick([f"2 * ({text})", f"-(-({text}))", f"max({text}, {text})"])


def row_changed(dice: Dice, document: Document) -> None:
    """A table answers otherwise."""
    if not document["tables"]:
        return
    rows = document["tables"][dice.pick(sorted(document["tables"]))]["rows"]
    row = dice.pick(rows)
    if "when" in row and dice.chance(50):
        row["when"] = dice.pick([f"not ({row['when']})", f"({row['when']}) and ask.rush"])
    elif len(rows) > 1 and dice.chance(50):
        rows.remove(rows[0])
    elif row["then"]:
        del row["then"][dice.pick(sorted(row["then"]))]


def fact_ranged(dice: Dice, document: Document) -> None:
    """A fact has another range."""
    name, key, values = dice.pick(
        [
            ("a.share", "max", ["1", "3", "10", None]),
            ("ask.size", "min", ["0", "0.7", "2"]),
            ("a.cash", "sign", ["nonnegative", None]),
            ("a.debt", "sign", ["nonnegative", "positive"]),
            ("a.n", "sign", ["nonnegative", None]),
            ("a.shift", "min", ["-1", "0", None]),
        ]
    )
    fact, value = document["facts"][name], dice.pick(values)
    fact.pop(key, None)
    if value is not None:
        fact[key] = value


def own_changed(dice: Dice, document: Document) -> None:
    """An item's own facts are others."""
    item = document["items"][dice.pick(sorted(document["items"]))]
    key, values = dice.pick(
        [
            ("weight", ["0.5", "1", "3"]),
            ("open", [True, False]),
            ("colour", COLOURS),
            ("bans", [["red"], ["blue", "green"], []]),
            ("limit", SMALL),
        ]
    )
    item[key] = dice.pick(values)


def names_changed(dice: Dice, document: Document) -> None:
    """An item or a team comes or goes."""
    part = dice.pick(("items", "teams"))
    if len(document[part]) > 1 and dice.chance(50):
        del document[part][dice.pick(sorted(document[part]))]
    else:
        document[part]["w"] = deepcopy(document[part][dice.pick(sorted(document[part]))])


def exempt_changed(dice: Dice, document: Document) -> None:
    """Other orders are exempt."""
    if dice.chance(30):
        document["head"].pop("exempt", None)
    elif "lets_out" in document["measures"]:
        text = document["measures"]["lets_out"]["is"]
        document["measures"]["lets_out"]["is"] = dice.pick(
            [f"({text}) and ask.rush", f"({text}) or ask.rush", f"not ({text})"]
        )


EDITS: Final[tuple[Edit, ...]] = (
    cap_moved,
    cap_moved,
    cap_moved,
    cap_removed,
    caps_scaled,
    gate_removed,
    gate_doubled,
    gate_changed,
    gate_changed,
    bound_moved,
    measure_changed,
    guard_changed,
    renamed,
    named_changed,
    row_changed,
    fact_ranged,
    own_changed,
    names_changed,
    exempt_changed,
)


def edited(dice: Dice, document: Document) -> tuple[Document, RuleSet, list[str]] | None:
    """A document with one to three edits, its rule set, and what was done; None where it is no rule set any more."""
    made = deepcopy(document)
    edits = [dice.pick(EDITS) for _ in range(dice.pick((1, 1, 2, 3)))]
    for edit in edits:
        edit(dice, made)
    try:
        return made, read(made), [e.__name__ for e in edits]
    except Refused:
        return None


def pair(seed: int) -> tuple[Dice, Document, RuleSet, Document, RuleSet, list[str]]:
    """A random document and a random edit of it that is a rule set too."""
    dice = Dice(seed)
    document = RuleMaker(dice, Shape(), dice.pick(range(1, 6))).document()
    while True:
        made = edited(dice, document)
        if made is not None:
            return dice, document, read(document), *made

"""A second rule set of another trade: approving what departments spend on rented machines.

It is written as the plain compiled document that the engine reads, and no line of the engine may need a change for
it: departments are subjects, roles are actors, the number of machines is what may be shrunk, and giving machines
back is what always stays open.
"""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any, Final

from engine import Engine, RuleSet, read

Document = dict[str, Any]

UNITS: Final = {
    "ratio": {
        "kind": "ratio",
        "suffixes": {"%": "0.01", "bps": "0.0001", "x": "1"},
        "bare_below": "1",
        "hint": "write 5% or 5x",
    },
    "EUR": {
        "kind": "amount",
        "dimensions": {"money": 1},
        "suffixes": {"EUR": "1"},
        "hint": "name the currency, as 500 EUR",
    },
    "hours": {
        "kind": "amount",
        "dimensions": {"time": 1},
        "suffixes": {"h": "1", "d": "24", "w": "168"},
        "compound": True,
        "hint": "name the unit, as 12h or 1d12h",
    },
    "EUR/h": {
        "kind": "amount",
        "dimensions": {"money": 1, "time": -1},
        "suffixes": {"EUR/h": "1"},
        "hint": "name both, as 2.5 EUR/h",
    },
    "count": {"kind": "count", "hint": "write a whole number"},
    "bool": {"kind": "bool", "hint": "write true or false"},
    "enum": {"kind": "enum"},
    "text": {"kind": "text"},
    "list": {"kind": "list"},
}

_REGIONS: Final = ["eu-west", "eu-north", "us-east"]


def _fact(unit: str, producer: str, meaning: str, **more: Any) -> Document:
    return {"unit": unit, "from": producer, "meaning": meaning, **more}


def _gate(name: str, why: str, veto: str, line: int, **test: str) -> Document:
    return {"id": name, "why": why, "veto": veto, "source": f"rules/spend.yaml:{line}", **test}


FACTS: Final = {
    "request.department": _fact("enum", "form", "Who pays.", values="universe.departments"),
    "request.role": _fact("enum", "form", "The role of the person who asks.", values="universe.roles"),
    "request.direction": _fact("enum", "form", "Rent more, or give back.", values=["take", "give_back"]),
    "request.takes": _fact(
        "ratio",
        "form",
        "1 where machines are rented, else 0.",
        sign="nonnegative",
        indicates={"fact": "request.direction", "value": "take"},
    ),
    "request.machines": _fact("count", "form", "How many machines.", sign="nonnegative"),
    "request.price": _fact("EUR/h", "offer", "What one machine costs.", sign="positive"),
    "request.term": _fact("hours", "form", "For how long.", sign="positive"),
    "request.region": _fact("enum", "form", "Where the machines stand.", values=_REGIONS),
    "request.gpu": _fact("bool", "form", "Whether the machines have graphics cards."),
    "department.kind": _fact("enum", "universe", "What the department is for.", values="universe.kinds"),
    "department.rack": _fact("count", "universe", "Machines are rented by the rack of so many.", sign="positive"),
    "department.budget": _fact("EUR", "universe", "What it may spend in a month.", sign="nonnegative"),
    "department.gpu": _fact("bool", "universe", "May rent graphics cards.", at="traits.gpu"),
    "month.spent": _fact("EUR", "ledger", "What the department has spent this month.", sign="nonnegative"),
    "month.company": _fact("EUR", "ledger", "What the whole company may spend this month.", sign="positive"),
    "fleet.machines": _fact("count", "cloud", "Machines that the department holds.", sign="nonnegative"),
    "fleet.returning": _fact("count", "cloud", "Machines already on their way back.", sign="nonnegative"),
    "fleet.idle": _fact("ratio", "cloud", "The share of them that stands idle.", sign="nonnegative", max="1"),
    "approvals.given": _fact("count", "desk", "How many people have approved.", sign="nonnegative"),
    "billing.age": _fact("hours", "ledger", "How old the ledger is.", sign="nonnegative"),
    "quota.used": _fact("ratio", "cloud", "The vendor's own quota, where the vendor tells.", sign="nonnegative"),
    "forecast.month": _fact(
        "EUR", "statistics", "The month's forecast with the request in it.", varies_with="request.machines"
    ),
    "control.freeze": _fact("bool", "people", "Finance stopped all new spending."),
}

CAPS: Final = {
    "month_share": {"unit": "ratio", "sign": "positive", "max": "1", "tighter": "lower", "per": "department"},
    "hourly_price": {"unit": "EUR/h", "sign": "positive", "tighter": "lower", "per": "request"},
    "machines": {"unit": "count", "tighter": "lower", "per": "department"},
    "regions": {"unit": "list", "of": _REGIONS, "tighter": "subset", "per": "request"},
    "board_cost": {"unit": "EUR", "sign": "positive", "tighter": "lower", "per": "request"},
    "board_approvals": {"unit": "count", "tighter": "higher", "per": "request"},
    "overrun": {"unit": "EUR", "tighter": "lower", "per": "department"},
    "idle": {"unit": "ratio", "tighter": "lower", "per": "department"},
    "quota": {"unit": "ratio", "tighter": "lower", "per": "account"},
    "billing_age": {"unit": "hours", "sign": "positive", "tighter": "lower", "per": "account"},
}

MEASURES: Final = {
    "cost": {"unit": "EUR", "is": "request.machines * request.price * request.term"},
    "spent_after": {"unit": "EUR", "is": "month.spent + request.takes * cost"},
    "month_share": {"unit": "ratio", "is": "spent_after / month.company"},
    "fleet_after": {"unit": "count", "is": "max(fleet.machines, fleet.machines + request.machines - fleet.returning)"},
    "approvals_needed": {"unit": "count", "is": "tables.approval.people"},
    "gives_back": {
        "unit": "bool",
        "is": "request.direction == 'give_back' and request.machines > 0"
        " and request.machines + fleet.returning <= fleet.machines",
    },
}

TABLES: Final = {
    "approval": {
        "why": "The more it costs, the more people look at it.",
        "outputs": {"people": "count", "lane": ["fast", "board"], "surcharge": "ratio"},
        "rows": [
            {
                "id": "large",
                "when": "cost >= caps.board_cost",
                "then": {"people": "caps.board_approvals", "lane": "board", "surcharge": "5%"},
            },
            {"id": "cards", "when": "request.gpu", "then": {"people": "1", "lane": "fast", "surcharge": "200bps"}},
            {"id": "otherwise", "then": {"people": "0", "lane": "fast"}},
        ],
    }
}

GATES: Final = [
    _gate("freeze", "Finance stopped new spending.", "spending_frozen", 10, require="not control.freeze"),
    _gate(
        "billing_fresh",
        "A budget checked against an old ledger is not checked.",
        "ledger_stale",
        15,
        scope="account",
        measure="billing.age",
        below="caps.billing_age",
    ),
    _gate("some", "No machines is no request.", "no_machines", 20, measure="request.machines", above="0", exits="form"),
    _gate(
        "rack",
        "The vendor rents whole racks.",
        "broken_rack",
        25,
        measure="request.machines",
        multiple_of="department.rack",
        exits="form",
    ),
    _gate(
        "budget_left",
        "A department spends what it has.",
        "budget_exceeded",
        30,
        measure="spent_after",
        at_most="department.budget",
    ),
    _gate(
        "month_share",
        "No department spends the company's month.",
        "share_exceeded",
        35,
        measure="month_share",
        at_most="caps.month_share",
    ),
    _gate(
        "hourly_price",
        "A dear machine needs another role.",
        "price_over_cap",
        40,
        measure="request.price",
        at_most="caps.hourly_price",
    ),
    _gate("fleet", "A fleet must stay in hand.", "fleet_over_cap", 45, measure="fleet_after", at_most="caps.machines"),
    _gate(
        "region",
        "Data stays where it may be.",
        "region_not_allowed",
        50,
        require="request.region in caps.regions",
    ),
    _gate(
        "cards",
        "Graphics cards are for those who train models.",
        "no_cards",
        55,
        when="request.gpu",
        require="department.gpu",
    ),
    _gate(
        "approvals",
        "Large sums are approved by people.",
        "approvals_missing",
        60,
        measure="approvals.given",
        at_least="approvals_needed",
    ),
    _gate(
        "quota",
        "The vendor would refuse it, where the vendor tells.",
        "quota_used_up",
        65,
        measure="quota.used",
        below="caps.quota",
        on_missing="pass",
    ),
    _gate(
        "forecast",
        "The month must end well.",
        "forecast_overrun",
        70,
        measure="forecast.month - department.budget",
        at_most="caps.overrun",
    ),
    _gate(
        "idle",
        "Machines that stand idle should go first.",
        "fleet_idle",
        75,
        measure="fleet.idle",
        at_most="caps.idle",
        mode="shadow",
        until="2099-12-31",
    ),
]


def _layer(layer: str, caps: Mapping[str, Any]) -> Document:
    provenance = {name: {"source": f"rules/caps.yaml:{i + 2}", "layer": layer} for i, name in enumerate(caps)}
    return {"caps": dict(caps), "provenance": provenance}


_SHARED: Final = {"board_cost": "5000", "board_approvals": "2", "overrun": "1000", "idle": "0.25"}
_WIDE: Final = {"hourly_price": "9", "machines": "64", "regions": ["eu-north", "eu-west"], "month_share": "0.4"}

DOCUMENT: Final = {
    "format": 1,
    "environment": "prod",
    "ruleset": "sha256:cloud",
    "universe": "sha256:departments",
    "head": {
        "subject": {
            "key": "request.department",
            "in": "universe.departments",
            "as": "department",
            "unknown": "department_unknown",
        },
        "actor": {"key": "request.role", "in": "universe.roles"},
        "exempt": "gives_back",
        "solve": {"for": "request.machines", "step": "department.rack", "as": "max_machines"},
    },
    "units": UNITS,
    "facts": FACTS,
    "caps": {name: {"meaning": name.replace("_", " "), **entry} for name, entry in CAPS.items()},
    "measures": {name: {"source": "rules/spend.yaml:3", **entry} for name, entry in MEASURES.items()},
    "tables": TABLES,
    "gates": GATES,
    "kinds": {"science": {}, "trade": {}},
    "departments": {
        "research": {
            "kind": "science",
            "rack": "4",
            "budget": "20000",
            "traits": {"gpu": True},
            **_layer("kind science", {**_SHARED, **_WIDE}),
        },
        "sales": {
            "kind": "trade",
            "rack": "1",
            "budget": "3000",
            "traits": {"gpu": False},
            **_layer("department sales", {**_SHARED, **_WIDE, "machines": "6", "regions": ["eu-west"]}),
        },
        "platform": {
            "kind": "science",
            "rack": "8",
            "budget": "90000",
            "traits": {"gpu": False},
            **_layer("department platform", {**_SHARED, **_WIDE, "machines": None, "regions": None}),
        },
    },
    "roles": {
        "engineer": _layer("role engineer", {"hourly_price": "3"}),
        "director": _layer("role director", {}),
    },
    "account": _layer("global", {"quota": "0.9", "billing_age": "36"}),
}

QUIET: Final = {
    "request.department": "research",
    "request.role": "engineer",
    "request.direction": "take",
    "request.machines": "8",
    "request.price": "2.5",
    "request.term": "100",
    "request.region": "eu-west",
    "request.gpu": False,
    "month.spent": "1000",
    "month.company": "100000",
    "fleet.machines": "12",
    "fleet.returning": "0",
    "fleet.idle": "0.1",
    "approvals.given": "0",
    "billing.age": "3",
    "quota.used": "0.5",
    "forecast.month": "15000",
    "control.freeze": False,
}


def document() -> Document:
    """The rule set as plain data, for a test to change."""
    return deepcopy(DOCUMENT)


@cache
def ruleset() -> RuleSet:
    """The rule set, read."""
    return read(DOCUMENT)


@cache
def engine(backend: str = "python") -> Engine:
    """An engine on the rule set."""
    return Engine(ruleset(), backend)


def request(**changes: Any) -> Document:
    """A request that passes, with changes by name (`request__machines="9"`); None leaves a fact out."""
    return nested({**QUIET, **{name.replace("__", "."): value for name, value in changes.items()}})


def nested(facts: Mapping[str, Any]) -> Document:
    """Facts by dotted names as the nested object that is decided on."""
    tree: Document = {}
    for name, value in facts.items():
        *parents, last = name.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        if value is not None:
            place[last] = value
    return tree

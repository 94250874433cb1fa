"""Edits that are nobody's but people's: made all at once, and each of them found out by itself."""

from typing import Final

import pytest

from generator.change.patching.checker import Verdict
from generator.change.patching.edits import edits_of
from tests.generator.patching.changes import (
    GATES,
    LTC,
    RISK,
    SCENARIOS,
    TIGHTER,
    VENUE,
    Change,
    by_hand,
    gone,
    moved,
    writes,
)
from tests.generator.patching.repositories import AGENT, PERSON, Project, copied, edits_vetoed

WORKFLOW: Final = ".github/workflows/rules.yml"
SNAPSHOT: Final = "tests/decisions/__snapshots__/decisions.json"
SURFACES: Final = "rules/surfaces.yaml"
WHOLE: Final = ""
COMMENTS: Final = "#"

# What is done, to which file, and to which key of it.
FOREIGN: Final[dict[str, tuple[Change, str, str]]] = {
    "more rights for agents": (
        by_hand(SURFACES, "classes: [TIGHTEN,", "classes: [LOOSEN, TIGHTEN,"),
        SURFACES,
        "global.classes",
    ),
    "one person more": (
        by_hand(SURFACES, "logins: [ada]", 'logins: [ada, "patch-writer[bot]"]'),
        SURFACES,
        "authors.person.logins",
    ),
    "another range for a fact of changes": (
        by_hand("schemas/surfaces.yaml", "step.day: {unit: ratio, sign: nonnegative", "step.day: {unit: ratio"),
        "schemas/surfaces.yaml",
        "facts.step.day.sign",
    ),
    "an invariant relaxed": (
        by_hand("rules/invariants.yaml", "above: 2x", "above: 20x"),
        "rules/invariants.yaml",
        "never.runaway_gross.above",
    ),
    "a cap without a bound to its range": (
        by_hand("schemas/caps.yaml", "min: 1, max: 125", "min: 1, max: 500"),
        "schemas/caps.yaml",
        "caps.leverage.max",
    ),
    "the workflow": (writes(WORKFLOW, "on: never\n"), WORKFLOW, "on"),
    "a strategy's code": (writes("strategies/momentum.py", "SPAN = 1\n"), "strategies/momentum.py", WHOLE),
    "venue facts by hand": (by_hand(VENUE, '"min_notional": "5"', '"min_notional": "1"'), VENUE, WHOLE),
    "a scenario weakened": (
        by_hand(SCENARIOS, 'expect: {veto: [symbol_cap], max_quantity: "0.01"}', "expect: {decision: allow}"),
        SCENARIOS,
        "scenarios.a buy one step over the symbol cap is vetoed and would fit at the cap.expect.decision",
    ),
    "a scenario judged by fewer gates": (
        by_hand(
            SCENARIOS,
            "  - name: a buy to exactly the symbol cap passes\n",
            "  - name: a buy to exactly the symbol cap passes\n    only: [spread]\n",
        ),
        SCENARIOS,
        "scenarios.a buy to exactly the symbol cap passes.only",
    ),
    "a scenario's account": (
        by_hand(SCENARIOS, "risk: {portfolio_var: 0,", "risk: {portfolio_var: 1 USDT,"),
        SCENARIOS,
        "given.risk.portfolio_var",
    ),
    "a scenario out of sight": (
        moved("rules/scenarios/more.yaml", "rules/more.yaml.old"),
        "rules/more.yaml.old",
        WHOLE,
    ),
    "a folder among the scenarios": (
        writes("rules/scenarios/deep/more.yaml", "format: 1\nscenarios: []\n"),
        "rules/scenarios/deep/more.yaml",
        WHOLE,
    ),
    "what need not be covered": (
        by_hand("rules/uncovered.yaml", "gate: restricted, never: alone", "gate: leverage, never: alone"),
        "rules/uncovered.yaml",
        "outcomes",
    ),
    "the caps beside the caps": (writes("rules/risk.yml", "format: 1\nglobal: {}\n"), "rules/risk.yml", WHOLE),
    "the caps in capitals": (writes("RULES/risk.yaml", "format: 1\nglobal: {}\n"), "RULES/risk.yaml", WHOLE),
    "a snapshot weakened": (writes(SNAPSHOT, "[]\n"), SNAPSHOT, WHOLE),
    "a snapshot gone": (gone("tests/cli/__snapshots__/texts.ambr"), "tests/cli/__snapshots__/texts.ambr", WHOLE),
    "recorded orders": (gone("research/sample/more.jsonl.gz"), "research/sample/more.jsonl.gz", WHOLE),
    "conftest.py": (writes("conftest.py", "import os\n"), "conftest.py", WHOLE),
    "conftest.py among the rules": (writes("rules/conftest.py", "import os\n"), "rules/conftest.py", WHOLE),
    "sitecustomize.py": (writes("sitecustomize.py", "import os\n"), "sitecustomize.py", WHOLE),
    "pyproject.toml": (writes("pyproject.toml", "[build-system]\n"), "pyproject.toml", WHOLE),
    ".gitattributes": (writes(".gitattributes", "rules/*.yaml -diff linguist-generated\n"), ".gitattributes", WHOLE),
    "a module of git": (writes(".gitmodules", '[submodule "x"]\n'), ".gitmodules", WHOLE),
    "the action": (writes("action.yml", "name: x\n"), "action.yml", WHOLE),
    "a mention in a why": (
        by_hand(GATES, "why: A wide spread is a cost and a warning.", 'why: "@ada <img src=x> [approve](http://x)"'),
        GATES,
        "gates.spread.why",
    ),
    "a gate in the shadow": (
        by_hand(GATES, "    at_most: caps.add_to_loser\n", "    at_most: caps.add_to_loser\n    mode: shadow\n"),
        GATES,
        "gates.add_to_loser.mode",
    ),
    "an exit newly held": (
        by_hand(
            GATES,
            "    at_most: caps.spread\n",
            "    at_most: caps.spread\n    exits: form  # hedgerow: ignore holds-exits tried\n",
        ),
        GATES,
        "gates.spread.exits",
    ),
    "what is missing passes": (
        by_hand(GATES, "    below: caps.nav_max_age\n", "    below: caps.nav_max_age\n    on_missing: pass\n"),
        GATES,
        "gates.nav_fresh.on_missing",
    ),
    "what holds in an environment alone": (
        by_hand(RISK, "global: {drawdown: 95%, daily_loss: 50%}", "global: {drawdown: 99%, daily_loss: 50%}"),
        RISK,
        "environments.testnet.global.drawdown",
    ),
    "a symbol in a looser tier": (
        by_hand("rules/tiers.yaml", "members: [BTCUSDT, ETHUSDT]", "members: [BTCUSDT, ETHUSDT, LTCUSDT]"),
        "rules/tiers.yaml",
        "tiers.CORE.members",
    ),
    "a symbol gone": (
        by_hand("rules/universe.yaml", "  BNBUSDT: {liquidity: B_MEDIUM}\n", ""),
        "rules/universe.yaml",
        "symbols.BNBUSDT",
    ),
    "a side that was blocked": (
        by_hand(
            "rules/universe.yaml",
            "group: alts, liquidity: B_MEDIUM, blocked_sides: [SELL]",
            "group: alts, liquidity: B_MEDIUM",
        ),
        "rules/universe.yaml",
        "symbols.LTCUSDT.blocked_sides",
    ),
    "a strategy's parameter": (
        by_hand("rules/strategies.yaml", "fast: 12, slow: 48", "fast: 11, slow: 48"),
        "rules/strategies.yaml",
        "strategies.momentum.params.fast",
    ),
    "a row of a table": (
        by_hand("rules/exits.yaml", "    rows:\n", "    rows:\n      - {id: never, when: own.held < 0, then: {}}\n"),
        "rules/exits.yaml",
        "tables",
    ),
    "a whole layer gone": (
        by_hand(RISK, "  SUIUSDT: {symbol_exposure: 8%, order_notional: 10_000 USDT}\n", ""),
        RISK,
        "symbols.SUIUSDT",
    ),
    "a comment that lies": (by_hand(RISK, f"  {LTC}\n", f"  {LTC}  # 90% was approved\n"), RISK, COMMENTS),
}


@pytest.fixture(scope="module")
def verdict(first: Project, tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """What is said of all of them together, made by an agent."""
    return attacked(copied(first, tmp_path_factory.mktemp("foreign") / "project")).checked(*AGENT)


def attacked(project: Project) -> Project:
    """All of them in one commit."""
    project.branch("change")
    for change, _, _ in FOREIGN.values():
        change(project)
    project.commit("nothing to see")
    return project


@pytest.mark.parametrize("name", FOREIGN)
def test_an_edit_in_a_foreign_place_is_vetoed(verdict: Verdict, name: str) -> None:
    """Each by its file and key, whatever else is edited beside it."""
    _, path, key = FOREIGN[name]
    found = edits_vetoed(verdict, "place_not_allowed")

    assert not verdict.allowed
    assert any(file == path and edited.startswith(key) and bool(edited) == bool(key) for file, edited in found)


def test_one_foreign_edit_is_enough(project: Project) -> None:
    """It is no matter of how many there are, and a person may make it."""
    writes(WORKFLOW, "on: never\n")(project)
    project.commit("one")

    assert {o.reason for o in project.checked(*AGENT).objections} == {"place_not_allowed"}
    assert project.checked(*PERSON).allowed


RELAID: Final[dict[str, tuple[str, str]]] = {
    "a line that ends otherwise": ("  leverage: 4x\n", "  leverage: 4x\r\n"),
    "a comment": ("  leverage: 4x\n", "  leverage: 4x  # 8x was approved\n"),
    "a comment less": ("                     # beats the tier, never the global bound", ""),
    "another order": ("  leverage: 4x\n  add_to_loser: 2%\n", "  add_to_loser: 2%\n  leverage: 4x\n"),
    "other quotes": ("  leverage: 4x\n", '  leverage: "4x"\n'),
    "other blanks": ("  leverage: 4x\n", "  leverage:                 4x\n"),
    "another block": ("  bluechips: {group_exposure: 35%}\n", "  bluechips:\n    group_exposure: 35%\n"),
}


@pytest.mark.parametrize("name", RELAID)
def test_what_is_relaid_beside_an_edit_is_an_edit_too(project: Project, name: str) -> None:
    """What says the same stands elsewhere or looks otherwise: a reviewer would have to read it for nothing."""
    by_hand(RISK, LTC, TIGHTER)(project)
    project.commit("plain")
    assert edited(project) == {"symbols.LTCUSDT.symbol_exposure"}
    by_hand(RISK, *RELAID[name])(project)
    project.commit("relaid")

    assert edited(project) == {"symbols.LTCUSDT.symbol_exposure", COMMENTS}


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        (LTC, TIGHTER.replace("}", ", leverage: 1x}"), {"symbols.LTCUSDT.symbol_exposure", "symbols.LTCUSDT.leverage"}),
        ("  alts: {group_exposure: 25%}\n", "  alts: {group_exposure: 20%}\n\n", {"groups.alts.group_exposure"}),
        ("    leverage: 3x\n    spread: 12bps\n", "    spread: 12bps\n", {"tiers.SATELLITE.leverage"}),
        ("  CORE:\n", "  CORE:\n    leverage: 3x\n", {"tiers.CORE.leverage"}),
        ("  ETHUSDT: {", "  BNBUSDT: {leverage: 2x}\n  ETHUSDT: {", {"symbols.BNBUSDT"}),
        ("  restricted: [ETCUSDT]  ", "  restricted: [ETCUSDT, BNBUSDT]  ", {"global.restricted"}),
    ],
)
def test_a_plain_edit_is_its_keys_and_nothing_else(project: Project, old: str, new: str, keys: set[str]) -> None:
    """Added, changed or removed, in a block or on one line; a blank line hides nothing."""
    by_hand(RISK, old, new)(project)
    project.commit("plain")

    assert edited(project) == keys


def edited(project: Project) -> set[str]:
    """The keys of the caps that HEAD edits."""
    proposal = project.proposal()
    return {".".join(edit.key) for edit in edits_of(proposal.base.tree, proposal.tree) if edit.path == RISK}

"""What an agent may try within the places where it may edit, each in a real repository, and why it is vetoed."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from generator.change.patching.authority import Authority
from generator.change.patching.checker import Proposal, Verdict
from generator.change.words import LOOSENING
from generator.compile.problems import Refused
from tests.generator.patching.changes import (
    GATES,
    LOOSER,
    LTC,
    RISK,
    SCENARIOS,
    TIGHTER,
    UNIVERSE,
    Change,
    by_hand,
    edits,
    gone,
    moved,
    writes,
)
from tests.generator.patching.repositories import AGENT, PERSON, TODAY, Project, copied, reasons

Attack = tuple[Change, frozenset[str]]
NEW: Final = "rules/scenarios/new.yaml"
FALSE: Final = "format: 1\nscenarios:\n  - {name: one, only: [spread], expect: allow}\n"
DEEP: Final = f"format: 1\nscenarios: {'[' * 20_000}{']' * 20_000}\n"


def lowers_everything(project: Project) -> None:
    """Each size and exposure of each tier, by a hundredth."""
    text = re.sub(
        r"(?m)^(    (?:size_\w+|\w+_exposure|price_collar): )([0-9.]+)(%|x|)$",
        lambda found: f"{found[1]}{Decimal(found[2]) * Decimal('0.99'):f}{found[3]}",
        project.read(RISK),
    )
    project.write(RISK, text)


def renames_a_measure(project: Project) -> None:
    """The rules mean the same, and say nothing any more of what must never come about."""
    project.write(GATES, project.read(GATES).replace("gross_share", "share_of_all"))


def joins_a_looser_tier(project: Project) -> None:
    """No cap is edited, and every one that the tier gave is another."""
    project.replace("rules/tiers.yaml", "[LTCUSDT, SUIUSDT]", "[LTCUSDT]")
    project.replace("rules/tiers.yaml", "[BNBUSDT]", "[BNBUSDT, SUIUSDT]")


ATTACKS: Final[dict[str, Attack]] = {
    "an invariant that names what is gone": (renames_a_measure, frozenset({"invariant_broken"})),
    "a cap lowered by a quarter": (edits(RISK, LTC, "LTCUSDT: {symbol_exposure: 6%}"), frozenset({"step_day"})),
    "a bound where there was none": (
        by_hand(RISK, "ETHUSDT: {symbol_exposure", "ETHUSDT: {open_quantity: 900 ETH, symbol_exposure"),
        frozenset({"step_unmeasured"}),
    ),
    "a list with more names": (
        by_hand(RISK, "restricted: [ETCUSDT]", "restricted: [ETCUSDT, SUIUSDT]"),
        frozenset({"step_unmeasured"}),
    ),
    "tightened until nothing trades": (
        by_hand("rules/strategies.yaml", "{strategy_exposure: 60%", "{trade_nav: 0.1%, strategy_exposure: 60%"),
        frozenset({"nothing_trades"}),
    ),
    "what stops much of what was traded": (
        by_hand(RISK, "  CORE:\n", "  CORE:\n    trade_nav: 0.9%\n"),
        frozenset({"flip_budget", "step_day", "step_month"}),
    ),
    "too much at once": (lowers_everything, frozenset({"too_many_edits"})),
    "an example that does not hold": (writes(NEW, FALSE), frozenset({"scenario_failing"})),
    "an example that is no longer there": (gone("rules/scenarios/more.yaml"), frozenset({"only_added_to"})),
    "a file of examples renamed": (moved("rules/scenarios/more.yaml", NEW), frozenset({"only_added_to"})),
    "an example of people's that breaks": (
        by_hand(RISK, "BTCUSDT: {min", "BTCUSDT: {symbol_exposure: 29%, min"),
        frozenset({"scenario_failing"}),
    ),
}
# What lets more through, and the key that it is about.
LOOSER_EDITS: Final[dict[str, tuple[Change, str]]] = {
    "a cap raised": (by_hand(RISK, LTC, LOOSER), "symbols.LTCUSDT.symbol_exposure"),
    "what must never come about": (
        by_hand(RISK, "  gross_exposure: 1.5x", "  gross_exposure: 2.5x"),
        "global.gross_exposure",
    ),
    "a minimum lowered": (
        by_hand(RISK, "{min_notional: 100 USDT", "{min_notional: 90 USDT"),
        "symbols.BTCUSDT.min_notional",
    ),
    "a bound taken away": (
        by_hand(RISK, "open_quantity: 2 BTC", "open_quantity: none"),
        "symbols.BTCUSDT.open_quantity",
    ),
    "a tighter layer taken away": (
        by_hand(RISK, "ETHUSDT: {symbol_exposure: 20%, order_notional", "ETHUSDT: {order_notional"),
        "symbols.ETHUSDT.symbol_exposure",
    ),
    "a list with fewer names": (by_hand(RISK, "restricted: [ETCUSDT]", "restricted: []"), "global.restricted"),
    "a key in quotes": (
        by_hand(RISK, "SUIUSDT: {symbol_exposure: 8%", 'SUIUSDT: {"symbol_exposure": 9%'),
        "symbols.SUIUSDT.symbol_exposure",
    ),
    "a key by its number": (
        by_hand(RISK, "bluechips: {group_exposure: 35%}", 'bluechips: {"group\\u005fexposure": 36%}'),
        "groups.bluechips.group_exposure",
    ),
    "a key commented out": (by_hand(RISK, "    spread: 5bps\n", "    # spread: 5bps\n"), "tiers.CORE.spread"),
    "an exit newly held": (
        by_hand(
            GATES,
            "    at_most: caps.spread\n",
            "    at_most: caps.spread\n    exits: form  # hedgerow: ignore holds-exits tried\n",
        ),
        "gates.spread.exits",
    ),
    "a gate in the shadow": (
        by_hand(
            GATES,
            "    at_most: caps.add_to_loser\n",
            "    at_most: caps.add_to_loser\n    mode: shadow\n    until: 2027-01-31\n",
        ),
        "gates.add_to_loser.mode",
    ),
    "what is missing passes": (
        by_hand(GATES, "    below: caps.nav_max_age\n", "    below: caps.nav_max_age\n    on_missing: pass\n"),
        "gates.nav_fresh.on_missing",
    ),
    "a symbol in a looser tier": (
        joins_a_looser_tier,
        "symbols.SUIUSDT.tier",
    ),
    "a strategy's cap": (
        by_hand("rules/strategies.yaml", "{strategy_exposure: 60%", "{strategy_exposure: 61%"),
        "strategies.momentum.strategy_exposure",
    ),
}
# What the strict reader refuses, so that nothing of it counts.
REFUSED: Final[dict[str, Change]] = {
    "a key that stands twice": by_hand(RISK, LTC, "LTCUSDT: {symbol_exposure: 7%, symbol_exposure: 90%}"),
    "an anchor": by_hand(RISK, LTC, "LTCUSDT: &same {symbol_exposure: 7%}"),
    "a merge key": by_hand(RISK, LTC, "LTCUSDT: {<<: {symbol_exposure: 90%}}"),
    "a tag": by_hand(RISK, LTC, "LTCUSDT: !!map {symbol_exposure: 7%}"),
    "a tab": by_hand(RISK, LTC, "LTCUSDT:\t{symbol_exposure: 7%}"),
    "a second document": by_hand(RISK, "format: 1\n", "format: 1\n---\nformat: 1\n"),
    "a bare number": by_hand(RISK, LTC, "LTCUSDT: {symbol_exposure: 7}"),
    "another spelling of a key": by_hand(RISK, LTC, "LTCUSDT: {Symbol_Exposure: 7%}"),
    "no text": lambda project: (project.root / RISK).write_bytes(b"\xff\xfeformat: 1\n"),
    "no file": gone(RISK),
    "lists without end": writes(NEW, DEEP),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_vetoed_with_its_reasons(project: Project, name: str) -> None:
    """Whatever else is found, the reasons that make it an attack are given."""
    attack, expected = ATTACKS[name]
    attack(project)
    project.commit(name, who="ada")
    verdict = project.checked(*AGENT)

    assert not verdict.allowed
    assert expected <= reasons(verdict)


@pytest.fixture(scope="module")
def looser(plain: Project, tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """What is said of all looser edits together, beside one that is tighter."""
    project = copied(plain, tmp_path_factory.mktemp("looser") / "project")
    project.branch("change")
    by_hand(RISK, "  alts: {group_exposure: 25%}", "  alts: {group_exposure: 24%}")(project)
    for change, _ in LOOSER_EDITS.values():
        change(project)
    project.commit("tighter")
    return project.checked(*AGENT)


@pytest.mark.parametrize("name", LOOSER_EDITS)
def test_what_lets_more_through_is_loosening(looser: Verdict, name: str) -> None:
    """However it is written, and whatever is tightened beside it."""
    assert looser.results.diff is not None, looser.results.findings.problems
    words = {change.key: change.word for change in looser.results.diff.changes}

    assert words[LOOSER_EDITS[name][1]] in LOOSENING
    assert looser.word in LOOSENING
    assert "class_not_allowed" in reasons(looser)


def test_every_environment_is_looked_at(first: Project, tmp_path: Path) -> None:
    """What is looser in one alone is looser, and what breaks an invariant there breaks it."""
    project = copied(first, tmp_path / "project")
    project.branch("change")
    by_hand(RISK, "daily_loss: 50%}", "daily_loss: 51%, nav_max_age: 20m}")(project)
    project.commit("in testnet alone")
    verdict = project.checked(*AGENT)

    assert {"class_not_allowed", "invariant_broken"} <= reasons(verdict)
    assert [line.partition(" is ")[0] for line in verdict.results.findings.breaches or ()] == ["testnet: never blind"]


def test_base_s_invariants_are_proved_of_head(looser: Verdict) -> None:
    """Each that is broken is named, with an order that shows it."""
    found = looser.results.findings.breaches or ()

    assert "invariant_broken" in reasons(looser)
    assert {line.partition(" is broken: this ")[0] for line in found} == {
        f"prod: {promise}" for promise in ("never runaway_gross", "never blind", "always exits_open")
    }


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_strict_does_not_compile(project: Project, name: str) -> None:
    """It is vetoed for people too, and says so rather than end in an error."""
    REFUSED[name](project)
    project.commit(name)

    assert "does_not_compile" in reasons(project.checked(*PERSON))


def test_what_an_agent_may_do_is_let_through(project: Project) -> None:
    """A cap lowered by an eighth, with everything that follows from it, the generated examples with it."""
    edits(RISK, LTC, TIGHTER)(project)
    project.commit("The book of LTC has thinned")
    verdict = project.checked(*AGENT)

    assert verdict.allowed
    assert (verdict.word, verdict.surface) == ("TIGHTEN", "config-only")
    places = {(edit.path, place) for edit, place in verdict.edits}
    assert {("rules/scenarios/at_cap.yaml", "generated"), (UNIVERSE, "generated"), (RISK, "caps")} <= places


def test_an_example_may_be_added(project: Project) -> None:
    """Beside what is there, or in a file of its own; nothing else is another."""
    writes(NEW, FALSE.replace("allow", "{veto: [facts_missing]}"))(project)
    text = project.read(SCENARIOS).rstrip()
    project.write(SCENARIOS, f"{text}\n  - {{name: one more, facts: {{}}, expect: allow}}\n")
    project.commit("examples")
    verdict = project.checked(*AGENT)

    assert verdict.allowed
    assert {str(edit.action) for edit, _ in verdict.edits} == {"add"}


GENERATED: Final[dict[str, Change]] = {
    "schemas/risk.schema.json": by_hand(
        "schemas/risk.schema.json", '"additionalProperties": false', '"additionalProperties": true'
    ),
    UNIVERSE: by_hand(UNIVERSE, '"symbol_exposure": "0.08"', '"symbol_exposure": "0.8"'),
    "rules/scenarios/at_cap.yaml": by_hand("rules/scenarios/at_cap.yaml", "{veto: [symbol_cap]}", "allow"),
    "docs/agents.md": by_hand("docs/agents.md", "# Working here as an agent", "# Do what you like"),
    "docs/reference/caps.md": gone("docs/reference/caps.md"),
    "docs/reference/approved.md": writes("docs/reference/approved.md", "# Approved\n"),
    "schemas/more.schema.json": writes("schemas/more.schema.json", "{}\n"),
    "schemas/state/more.schema.json": writes("schemas/state/more.schema.json", "{}\n"),
}


def test_what_is_generated_is_made_again_and_compared(first: Project, tmp_path: Path) -> None:
    """Edited by hand, gone, or standing where generated files do and made by nothing: each is named."""
    project = copied(first, tmp_path / "project")
    project.branch("change")
    for change in GENERATED.values():
        change(project)
    project.commit("by hand")
    verdict = project.checked(*PERSON)

    assert reasons(verdict) == {"generated_stale"}
    assert {line.partition(":")[0] for line in verdict.results.findings.stale or ()} == GENERATED.keys()


def test_a_base_that_does_not_compile_decides_nothing(first: Project, tmp_path: Path) -> None:
    """Nothing may be changed by anybody where the rules about changes can't be read."""
    project = copied(first, tmp_path / "project")
    by_hand("rules/surfaces.yaml", "format: 1\n", "format: 1\nx: 1\n")(project)
    broken = project.commit("broken")
    base = Authority(project.repository, broken, TODAY)
    proposal = project.proposal()

    with pytest.raises(Refused):
        assert Proposal(base, proposal.tree, proposal.head, proposal.name).base.surfaces

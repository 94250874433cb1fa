from typing import Final

import pytest

from generator.change.changes import Diff
from generator.change.differ import merged
from generator.change.prover import Elsewhere, refined
from generator.change.words import ORDER, Class, worst
from tests.generator.change.projects import GATES, RISK, Edit, base, edited, rules_of

SECONDS: Final = 2.0
ENVIRONMENTS: Final = ("prod", "testnet")


def proved(*edits: Edit, environments: tuple[str, ...] = ENVIRONMENTS[:1]) -> Diff:
    """The diff of edits of the shipped rules, with what the solver adds."""
    prove = pytest.importorskip("generator.change.proof.prove", reason="the extra `proof` is not installed").prove
    texts = edited(*edits)
    sides = {name: (base(name), rules_of(texts, name)) for name in environments}
    proofs = {
        name: prove(old.ruleset, new.ruleset, limit_seconds=SECONDS)
        for name, (old, new) in sides.items()
        if old.document["ruleset"] != new.document["ruleset"]
    }
    return refined(merged("base", "head", sides), proofs)


def test_what_directions_cant_tell_is_proved() -> None:
    """A measure that is never less than it was tightens a bound from above."""
    (change,) = proved((GATES, "is: exposure_after / nav.total", "is: 2 * exposure_after / nav.total")).changes

    assert (change.word, change.unproved) == (Class.TIGHTEN, False)
    assert change.why.startswith("proved for all orders")


def test_a_loosening_is_shown_by_an_order() -> None:
    """The sentence names the gate, what was observed and the old bound."""
    (change,) = proved((RISK, "symbol_exposure: 30%", "symbol_exposure: 35%")).changes

    assert change.word is Class.LOOSEN
    assert change.witness.before.allowed is False
    assert change.witness.after.allowed is True
    assert change.witness.text.endswith("and would now pass")
    assert "> 30%" in change.witness.text


def test_masked_is_said_only_of_what_is_masked_for_everybody() -> None:
    """A guard that lets orders of most symbols through is no latent loosening because one symbol is disabled."""
    found = proved((GATES, "when: opens_symbol", "when: opens_symbol and order.urgent")).changes

    assert [change.gates for change in found] == [("open_positions",), ("open_positions_in_crisis",)]
    for change in found:
        assert change.word is Class.LOOSEN
        assert change.witness.after.allowed
        assert "something else stops" not in change.why


def test_what_is_masked_for_everybody_is_latent() -> None:
    """A symbol that is enabled and stays restricted can't be opened yet."""
    (change,) = proved(("rules/universe.yaml", "liquidity: C_LOW, enabled: false}", "liquidity: C_LOW}")).changes

    assert change.word is Class.LATENT_LOOSEN
    assert "something else stops" in change.why


def test_an_order_of_another_environment_than_the_first_says_so() -> None:
    """A bound of testnet must not be read as prod's."""
    edit = (RISK, "{drawdown: 95%, daily_loss: 50%}", "{drawdown: 95%, daily_loss: 60%}")
    (change,) = proved(edit, environments=ENVIRONMENTS).changes

    assert change.environments == ("testnet",)
    assert "in testnet" not in change.witness.text  # the change itself says that it is only there
    shown = Elsewhere(change.witness, "testnet")
    assert shown.text == f"in testnet {change.witness.text}"
    assert (shown.facts, shown.before, shown.after) == (
        change.witness.facts,
        change.witness.before,
        change.witness.after,
    )


def test_what_lets_orders_through_is_worse_than_what_would() -> None:
    """The worst first: what passes for certain, what may, what passes for some, what is masked; then the rest."""
    assert ORDER.index(Class.LOOSEN) < ORDER.index(Class.NOT_PROVED) < ORDER.index(Class.MIXED)
    assert worst([Class.LATENT_LOOSEN, Class.MIXED, Class.TIGHTEN]) is Class.MIXED
    assert worst([]) is Class.COSMETIC

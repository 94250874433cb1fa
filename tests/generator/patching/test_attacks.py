"""What an agent may try, each in a real repository, and the reasons for which it is vetoed."""

import os
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import pytest

from generator.change.git import GitFault
from tests.generator.patching.repositories import AGENT, DAY, NOW, PERSON, Project, reasons

RISK: Final = "rules/risk.yaml"
LTC: Final = "LTCUSDT: {symbol_exposure: 8%}"
TIGHTER: Final = "LTCUSDT: {symbol_exposure: 7%}"
SCENARIOS: Final = "rules/scenarios/exposure.yaml"
GATES: Final = "rules/gates.yaml"
UNIVERSE: Final = "universe/universe.json"
VENUE: Final = "universe/venues/binance_usdm.json"
ELSEWHERE: Final = frozenset({"place_not_allowed"})
Attack = tuple[Callable[[Project], object], frozenset[str]]


def edits(path: str, old: str, new: str) -> Callable[[Project], None]:
    """An edit, and all that follows from it made anew."""

    def change(project: Project) -> None:
        project.replace(path, old, new)
        project.generate()

    return change


def writes(path: str, text: str) -> Callable[[Project], None]:
    """A file written, and nothing else."""
    return lambda project: project.write(path, text)


def by_hand(path: str, old: str, new: str) -> Callable[[Project], None]:
    """An edit, and nothing made anew."""
    return lambda project: project.replace(path, old, new)


def links(project: Project) -> None:
    """The caps become a link to a file outside."""
    (project.root / RISK).unlink()
    (project.root / RISK).symlink_to("/etc/passwd")


def contains_another(project: Project) -> None:
    """A repository inside the repository."""
    commit = project.git("rev-parse", "HEAD")
    (project.root / "rules/more").mkdir()
    project.git("update-index", "--add", "--cacheinfo", f"160000,{commit},rules/more")
    project.git("commit", "--quiet", "-m", "more rules", time=NOW)


def merges(project: Project) -> None:
    """Two harmless branches, and a merge that holds what neither of them does."""
    project.git("checkout", "--quiet", "-b", "other", "main")
    project.write("docs/other.md", "# Other\n")
    project.commit("other")
    project.git("checkout", "--quiet", "change")
    edits(RISK, LTC, TIGHTER)(project)
    project.commit("tighter")
    project.git("merge", "--quiet", "--no-commit", "other", time=NOW)


def tightens_until_nothing_trades(project: Project) -> None:
    """A share of NAV for one order so small that it falls under the smallest order."""
    by_hand("rules/strategies.yaml", "{strategy_exposure: 60%", "{trade_nav: 0.1%, strategy_exposure: 60%")(project)


def lowers_everything(project: Project) -> None:
    """Each size and exposure of each tier, by a hundredth."""
    text = re.sub(
        r"(?m)^(    (?:size_\w+|\w+_exposure|price_collar): )([0-9.]+)(%|x|)$",
        lambda found: f"{found[1]}{Decimal(found[2]) * Decimal('0.99'):f}{found[3]}",
        project.read(RISK),
    )
    project.write(RISK, text)


def hides(separator: str) -> Callable[[Project], None]:
    """A key behind a comment: what ends a line for YAML ends none for an editor."""
    return by_hand(
        RISK, "LTCUSDT: {symbol_exposure: 8%}\n", f"{TIGHTER}  # probation{separator}  XRPUSDT: {{leverage: 3x}}\n"
    )


ATTACKS: Final[dict[str, Attack]] = {
    "more rights for agents": (
        by_hand("rules/surfaces.yaml", "classes: [TIGHTEN,", "classes: [LOOSEN, TIGHTEN,"),
        ELSEWHERE | {"class_not_allowed"},
    ),
    "one person more": (
        by_hand("rules/surfaces.yaml", "logins: [ada]", 'logins: [ada, "patch-writer[bot]"]'),
        ELSEWHERE,
    ),
    "another range for a fact of changes": (
        by_hand("schemas/surfaces.yaml", "step.day: {unit: ratio, sign: nonnegative", "step.day: {unit: ratio"),
        ELSEWHERE,
    ),
    "an invariant gone": (lambda p: os.unlink(p.root / "rules/invariants.yaml"), ELSEWHERE),
    "an invariant relaxed": (writes("rules/invariants.yaml", "format: 1\nnever: []\n"), ELSEWHERE),
    "a cap without a bound to its range": (
        by_hand(
            "schemas/caps.yaml",
            "leverage: {unit: ratio, sign: positive, tighter: lower, per: order, min: 1, max: 125",
            "leverage: {unit: ratio, sign: positive, tighter: lower, per: order, min: 1, max: 500",
        ),
        ELSEWHERE,
    ),
    "a schema by hand": (
        by_hand("schemas/risk.schema.json", '"additionalProperties": false', '"additionalProperties": true'),
        frozenset({"generated_stale"}),
    ),
    "the workflow": (writes(".github/workflows/rules.yml", "on: never\n"), ELSEWHERE),
    "a strategy's code": (writes("strategies/momentum.py", "SPAN = 1\n"), ELSEWHERE),
    "the universe by hand": (
        by_hand(UNIVERSE, '"symbol_exposure": "0.08"', '"symbol_exposure": "0.8"'),
        frozenset({"generated_stale"}),
    ),
    "venue facts by hand": (by_hand(VENUE, '"min_notional": "5"', '"min_notional": "1"'), ELSEWHERE),
    "a scenario weakened": (
        by_hand(SCENARIOS, 'expect: {veto: [symbol_cap], max_quantity: "0.01"}', "expect: {decision: allow}"),
        ELSEWHERE,
    ),
    "a scenario judged by fewer gates": (
        by_hand(
            SCENARIOS,
            "  - name: a buy to exactly the symbol cap passes\n",
            "  - name: a buy to exactly the symbol cap passes\n    only: [spread]\n",
        ),
        ELSEWHERE,
    ),
    "a scenario's account": (
        by_hand(SCENARIOS, "risk: {portfolio_var: 0,", "risk: {portfolio_var: 1 USDT,"),
        ELSEWHERE,
    ),
    "a file of scenarios gone": (lambda p: os.unlink(p.root / SCENARIOS), frozenset({"only_added_to"})),
    "a snapshot weakened": (writes("tests/decisions/__snapshots__/decisions.json", "[]\n"), ELSEWHERE),
    "a snapshot gone": (lambda p: os.unlink(p.root / "tests/decisions/__snapshots__/decisions.json"), ELSEWHERE),
    "conftest.py": (writes("conftest.py", "import os\n"), ELSEWHERE),
    "conftest.py among the rules": (writes("rules/conftest.py", "import os\n"), ELSEWHERE),
    "sitecustomize.py": (writes("sitecustomize.py", "import os\n"), ELSEWHERE),
    ".gitattributes": (writes(".gitattributes", "rules/*.yaml -diff linguist-generated\n"), ELSEWHERE),
    "a file hidden by its name": (writes("docs/a\u202egnp.md", "x\n"), frozenset({"illegible"})),
    "a submodule": (contains_another, ELSEWHERE | {"not_a_plain_file"}),
    "a link": (links, ELSEWHERE | {"not_a_plain_file", "does_not_compile"}),
    "a rename": (
        lambda p: os.rename(p.root / SCENARIOS, p.root / "rules/scenarios/exposures.yaml"),
        frozenset({"only_added_to"}),
    ),
    "a rename out of sight": (
        lambda p: os.rename(p.root / SCENARIOS, p.root / "rules/exposure.yaml.old"),
        frozenset({"only_added_to"}) | ELSEWHERE,
    ),
    "a file mode": (lambda p: os.chmod(p.root / RISK, 0o755), frozenset({"not_a_plain_file"})),
    "a merge commit": (merges, frozenset({"merge_commit"})),
    "a cap raised": (by_hand(RISK, LTC, "LTCUSDT: {symbol_exposure: 9%}"), frozenset({"class_not_allowed"})),
    "a cap lowered by a quarter": (edits(RISK, LTC, "LTCUSDT: {symbol_exposure: 6%}"), frozenset({"step_day"})),
    "a bound where there was none": (
        by_hand(RISK, "ETHUSDT: {symbol_exposure", "ETHUSDT: {open_quantity: 900 ETH, symbol_exposure"),
        frozenset({"step_unmeasured"}),
    ),
    "a key behind a line separator": (hides("\u2028"), frozenset({"illegible"})),
    "a key behind a next-line character": (hides("\u0085"), frozenset({"illegible"})),
    "a key in quotes": (by_hand(RISK, LTC, 'LTCUSDT: {"symbol_exposure": 9%}'), frozenset({"class_not_allowed"})),
    "a key by its number": (
        by_hand(RISK, LTC, 'LTCUSDT: {"symbol\\u005fexposure": 9%}'),
        frozenset({"class_not_allowed"}),
    ),
    "a key that stands twice": (
        by_hand(RISK, LTC, "LTCUSDT: {symbol_exposure: 7%, symbol_exposure: 90%}"),
        ELSEWHERE | {"does_not_compile"},
    ),
    "a key commented out": (
        by_hand(
            RISK,
            "  SUIUSDT: {symbol_exposure: 8%, order_notional: 10_000 USDT}\n",
            "  # SUIUSDT: {symbol_exposure: 8%, order_notional: 10_000 USDT}\n",
        ),
        frozenset({"class_not_allowed", "place_not_allowed"}),
    ),
    "a comment that lies": (by_hand(RISK, f"  {LTC}\n", f"  {TIGHTER}  # 90% was approved\n"), ELSEWHERE),
    "a mention in a why": (
        by_hand(GATES, "why: A wide spread is a cost and a warning.", 'why: "@ada <img src=x> [approve](http://x)"'),
        ELSEWHERE,
    ),
    "tightened until nothing trades": (tightens_until_nothing_trades, frozenset({"nothing_trades"})),
    "an exit newly held": (
        by_hand(GATES, "    at_most: caps.spread\n", "    at_most: caps.spread\n    exits: form\n"),
        ELSEWHERE | {"class_not_allowed"},
    ),
    "what holds in an environment alone": (
        by_hand(RISK, "global: {drawdown: 95%, daily_loss: 50%}", "global: {drawdown: 99%, daily_loss: 50%}"),
        ELSEWHERE | {"class_not_allowed"},
    ),
    "a strategy's parameter": (
        by_hand("rules/strategies.yaml", "fast: 12, slow: 48", "fast: 11, slow: 48"),
        frozenset({"class_not_allowed"}),
    ),
    "a layout that says nothing": (by_hand(RISK, "\n    size_low: ", "\n    size_low:  "), ELSEWHERE),
    "too much at once": (lowers_everything, frozenset({"too_many_edits"})),
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


def test_two_small_steps_within_a_day_are_one_large_one(project: Project) -> None:
    """The first is merged an hour ago; what counts is the value that held yesterday."""
    first(project, merged=NOW - 3600)
    verdict = project.checked(*AGENT)

    assert not verdict.allowed
    assert reasons(verdict) == {"step_day"}
    assert verdict.facts["step"]["day"] == "0.25"


def first(project: Project, *, merged: int) -> None:
    """A step that is merged at a time, and a second one upon it that is proposed."""
    edits(RISK, LTC, TIGHTER)(project)
    project.commit("a small step", time=merged)
    project.git("checkout", "--quiet", "main")
    project.git("merge", "--quiet", "--ff-only", "change")
    project.git("checkout", "--quiet", "change")
    edits(RISK, TIGHTER, "LTCUSDT: {symbol_exposure: 6%}")(project)
    project.commit("another small step", time=merged)


def test_the_second_step_may_be_made_on_the_next_day(project: Project) -> None:
    """A day after the first, what held yesterday is its value; the month still counts both."""
    first(project, merged=NOW - DAY)
    verdict = project.checked(*AGENT)

    assert verdict.allowed
    assert (verdict.facts["step"]["day"], verdict.facts["step"]["month"]) == ("0.142857142858", "0.25")


def test_many_small_steps_within_a_month_are_a_large_one(project: Project) -> None:
    """Each day's is small enough; together they go further than a month allows."""
    at = NOW - 10 * DAY
    for old, new in (("8%", "6.8%"), ("6.8%", "5.8%"), ("5.8%", "5%"), ("5%", "4.3%")):
        edits(RISK, f"LTCUSDT: {{symbol_exposure: {old}}}", f"LTCUSDT: {{symbol_exposure: {new}}}")(project)
        project.commit(f"to {new}", time=at)
        at += 2 * DAY
    project.git("checkout", "--quiet", "main")
    project.git("merge", "--quiet", "--ff-only", "change")
    project.git("checkout", "--quiet", "change")
    edits(RISK, "LTCUSDT: {symbol_exposure: 4.3%}", "LTCUSDT: {symbol_exposure: 3.9%}")(project)
    project.commit("to 3.9%")

    assert reasons(project.checked(*AGENT)) == {"step_month"}


def test_an_old_date_does_not_make_a_step_old(project: Project) -> None:
    """A commit on base is no older than the one before it, whatever its date says; head's dates are not looked at."""
    project.git("checkout", "--quiet", "main")
    project.write("docs/run.md", "# Runs, told anew\n")
    project.commit("something else", time=NOW - 7200)
    project.git("checkout", "--quiet", "-B", "change")
    edits(RISK, LTC, TIGHTER)(project)
    project.commit("dated back", time=NOW - 40 * DAY)
    project.git("checkout", "--quiet", "main")
    project.git("merge", "--quiet", "--ff-only", "change")
    project.git("checkout", "--quiet", "change")
    edits(RISK, TIGHTER, "LTCUSDT: {symbol_exposure: 6%}")(project)
    project.commit("dated back too", time=NOW - 39 * DAY)

    assert reasons(project.checked(*AGENT)) == {"step_day"}


def test_a_forged_author_has_no_rights(project: Project) -> None:
    """The commit says that a person made it; the platform says who asks, and nobody says more than it."""
    edits(RISK, LTC, "LTCUSDT: {symbol_exposure: 9%}")(project)
    project.commit("by ada", who="ada")

    assert "class_not_allowed" in reasons(project.checked(*AGENT))
    assert "class_not_allowed" in reasons(project.checked(*AGENT, claimed="ada"))
    assert project.checked(*PERSON).allowed


def test_a_person_may_claim_less_and_never_more(project: Project) -> None:
    """`--author` lowers rights."""
    edits(RISK, LTC, "LTCUSDT: {symbol_exposure: 9%}")(project)
    project.commit("looser")

    assert not project.checked(*PERSON, claimed="patch-writer").allowed
    assert project.checked(*PERSON, claimed="ada").allowed


@pytest.mark.parametrize(
    "ref", ["--help", "-h", "--upload-pack=touch x", "main..change", "main:rules", "", "a b", "@{-1}"]
)
def test_what_is_no_ref_never_reaches_git(project: Project, ref: str) -> None:
    """An option, a range, a path inside a commit, nothing at all."""
    with pytest.raises(GitFault, match="is no ref"):
        project.repository.commit_of(ref)


def test_a_commit_behind_base_is_not_what_would_be_merged(project: Project) -> None:
    """Base went on; what was checked must be what is merged, for people too."""
    edits(RISK, LTC, TIGHTER)(project)
    project.commit("tighter")
    project.git("checkout", "--quiet", "main")
    project.commit("base goes on")
    project.git("checkout", "--quiet", "change")

    assert reasons(project.checked(*AGENT)) == {"behind_base"}
    assert reasons(project.checked(*PERSON)) == {"behind_base"}


def test_an_object_put_over_another_is_not_believed(project: Project) -> None:
    """`git replace` can't make head look like something else."""
    edits(RISK, LTC, "LTCUSDT: {symbol_exposure: 9%}")(project)
    head = project.commit("looser")
    project.git("replace", head, "main")

    assert "class_not_allowed" in reasons(project.checked(*AGENT))


def test_what_an_agent_may_do_is_let_through(project: Project) -> None:
    """A cap lowered by an eighth, with everything that follows from it."""
    edits(RISK, LTC, TIGHTER)(project)
    project.commit("The book of LTC has thinned")
    verdict = project.checked(*AGENT)

    assert verdict.allowed
    assert (verdict.word, verdict.surface) == ("TIGHTEN", "config-only")

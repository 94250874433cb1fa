"""What a person or an agent sees who gets a rule wrong: one problem, its place, and what to do about it."""

import json
import random
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion

from cli.main import main
from engine.breakers import gates_of
from generator.compile.codes import CODES
from generator.compile.finish import file_text
from generator.compile.problems import Problem, Refused, render, report
from generator.compile.regimes import conditions, in_regime, twins, written
from generator.compile.sources import FILES
from generator.compile.stages import Compiled, compile_universe
from generator.compile.text import MAX_BYTES
from tests.conftest import TODAY
from universe.reader import parse

RISK: Final = "rules/risk.yaml"
GATES: Final = "rules/gates.yaml"
TIERS: Final = "rules/tiers.yaml"
STRATEGIES: Final = "rules/strategies.yaml"
UNIVERSE: Final = "rules/universe.yaml"
ROUTER: Final = "rules/router.yaml"
SIZING: Final = "rules/sizing.yaml"
EXITS: Final = "rules/exits.yaml"
CAPS: Final = "schemas/caps.yaml"
FACTS: Final = "schemas/facts.yaml"
PARAMS: Final = "schemas/strategies.yaml"
VENUE: Final = "universe/venues/binance_usdm.json"
COMPILED: Final = "universe/universe.json"
PLACE: Final = "‸"


@dataclass(frozen=True)
class Mistake:
    """An edit of one source. `‸` in the new text is where the problem must be shown; where it is shown elsewhere, `at`
    names the file and the text that begins there.
    """

    name: str
    code: str
    file: str
    old: str
    new: str
    at: tuple[str, str] | None = None

    def made_in(self, project: Path) -> tuple[str, int, int]:
        """Makes the edit, and gives the file, line and column where its problem must be shown."""
        path = project / self.file
        text = path.read_text(encoding="utf-8")
        assert self.old in text, f"{self.file} no longer holds {self.old!r}: write the edit anew"
        marked = text.replace(self.old, self.new, 1)
        path.write_text(marked.replace(PLACE, ""), encoding="utf-8")
        file, before = self.file, marked.partition(PLACE)[0]
        if self.at is not None:
            file = self.at[0]
            before = (project / file).read_text(encoding="utf-8").partition(self.at[1])[0]
        return file, before.count("\n") + 1, len(before) - before.rfind("\n")


def _added(line: str, more: str) -> tuple[str, str]:
    """The old and the new text of an edit that adds lines after one."""
    return line, line + more


KILL_SWITCH: Final = "    veto: kill_switch\n"
NOTIONAL: Final = "{unit: USDT, is: order.quantity * order.price}"
MISTAKES: Final = (
    # the text
    Mistake("duplicate key", "duplicate-key", RISK, *_added("  daily_loss: 1%\n", "  ‸daily_loss: 2%\n")),
    Mistake("tab", "tab", RISK, "  daily_loss: 1%", "  daily_loss:‸\t1%"),
    Mistake("tag", "tag", RISK, "  daily_loss: 1%", "  daily_loss: ‸!ratio 1%"),
    Mistake("anchor", "anchor", RISK, "  daily_loss: 1%", "  daily_loss: ‸&loss 1%"),
    Mistake("alias", "anchor", RISK, "alts: {group_exposure: 25%}", "alts: ‸*loss"),
    Mistake("merge key", "anchor", RISK, "alts: {group_exposure: 25%}", "alts: {‸<<: {}, group_exposure: 25%}"),
    Mistake("directive", "directive", TIERS, "# yaml", "‸%YAML 1.1\n---\n# yaml"),
    Mistake("list as a key", "bad-key", RISK, "  alts: {", "  ? ‸[alts]\n  : {"),
    Mistake("second document", "bad-yaml", TIERS, "tiers:\n", "‸---\ntiers:\n"),
    Mistake("control character", "bad-yaml", RISK, "  daily_loss: 1%", "  daily_loss: ‸\x071%"),
    Mistake("no-break space", "unseen-character", RISK, "  daily_loss: 1%", "  daily_loss:‸\u00a01%"),
    Mistake("direction of reading turned", "unseen-character", RISK, "  daily_loss: 1%", "  daily_loss: ‸\u202e1%"),
    Mistake("nothing wide in a comment", "unseen-character", RISK, "# the account\n", "# the ‸\u200baccount\n"),
    Mistake("letter of another alphabet", "unknown-key", RISK, "  leverage: 4x", "  ‸l\u0435verage: 4x"),
    Mistake("digit of another alphabet", "bad-value", RISK, "  leverage: 4x", "  leverage: ‸\uff14x"),
    Mistake(
        "comma in a flow mapping", "comma", GATES, "is: gross.others + exposure_after}", "is: max(gross.others, ‸0)}"
    ),
    Mistake("nested too deep", "too-deep", TIERS, "[ETCUSDT]", "[" * 14 + "‸[ETCUSDT]" + "]" * 14),
    Mistake("venue file that is no JSON", "bad-json", VENUE, '"format": 1,\n  ', '"format": 1\n  ‸'),
    # the shape
    Mistake("unknown key", "unknown-key", GATES, "account\n    measure: nav.age", "account\n    ‸mesure: nav.age"),
    Mistake("missing key", "missing-key", GATES, "- id: kill_switch\n    why:", "- ‸id: kill_switch\n    #"),
    Mistake("text where a mapping is needed", "bad-shape", RISK, "{group_exposure: 25%}", "‸25%"),
    Mistake("yes as a truth value", "bad-value", TIERS, "{twap: true}", "{twap: ‸yes}"),
    Mistake("unknown value of an enum", "bad-value", UNIVERSE, "{liquidity: B_MEDIUM}", "{liquidity: ‸MEDIUM}"),
    Mistake("unknown cap", "unknown-key", RISK, *_added("  leverage: 4x\n", "  ‸levrage: 3x\n")),
    Mistake("cap of another layer", "unknown-key", RISK, *_added("  CORE:\n", "    ‸nav_max_age: 90s\n")),
    Mistake("venue number that is none", "bad-value", VENUE, '"tick": "0.1"', '"tick": "‸0"'),
    # the values
    Mistake("bare 5", "bad-value", RISK, "  leverage: 4x", "  leverage: ‸5"),
    Mistake("money without currency", "bad-value", RISK, "order_notional: 80_000 USDT", "order_notional: ‸80_000"),
    Mistake("wrong unit", "bad-value", RISK, "cooldown: 5m", "cooldown: ‸5 USDT"),
    Mistake("count with a fraction", "bad-value", RISK, "  open_positions: 6", "  open_positions: ‸6.5"),
    Mistake("number out of range", "bad-value", RISK, "  drawdown: 30%", "  drawdown: ‸130%"),
    Mistake("negative number", "bad-value", RISK, "cooldown: 5m", "cooldown: ‸-5m"),
    Mistake("unknown word of a list", "bad-value", RISK, "restricted: [", "restricted: ‸[DOGEUSD, "),
    Mistake("base quantity in a tier", "bad-value", RISK, *_added("  CORE:\n", "    open_quantity: ‸2 BTC\n")),
    Mistake("another symbol's base", "bad-value", RISK, "open_quantity: 2 BTC", "open_quantity: ‸2 ETH"),
    Mistake("bare number in another environment", "bad-value", RISK, "daily_loss: 50%}", "daily_loss: ‸5}"),
    Mistake("no date", "bad-value", GATES, *_added(KILL_SWITCH, "    mode: shadow\n    until: ‸2027-02-30\n")),
    # the names
    Mistake("misspelt symbol", "unknown-symbol", RISK, "  ETHUSDT: {", "  ‸ETHUSTD: {"),
    Mistake("unknown member", "unknown-symbol", TIERS, "[ETCUSDT]", "[ETCUSDT, ‸FOOUSDT]"),
    Mistake("symbol that the venue lacks", "unknown-symbol", VENUE, '"WIFUSDT"', '"WIFUSD"', (UNIVERSE, "WIFUSDT")),
    Mistake("unknown tier", "unknown-tier", RISK, "  TACTICAL:\n", "  ‸TACTICALS:\n"),
    Mistake("unknown group of caps", "unknown-group", RISK, "  alts: {", "  ‸altz: {"),
    Mistake("unknown group of a symbol", "unknown-group", UNIVERSE, "WIFUSDT: {group: alts", "WIFUSDT: {group: ‸altz"),
    Mistake(
        "unknown strategy", "unknown-strategy", RISK, "environments:", "strategies: {‸momentun: {}}\nenvironments:"
    ),
    Mistake("no such venue", "unknown-venue", UNIVERSE, "venue: binance_usdm", "venue: ‸binance_coinm"),
    Mistake("unknown unit", "unknown-unit", FACTS, "age: {unit: duration", "age: {unit: ‸durations"),
    Mistake(
        "unknown producer",
        "no-producer",
        FACTS,
        "duration, sign: nonnegative, from: wallet",
        "duration, sign: nonnegative, from: ‸walled",
    ),
    Mistake("producer of nothing", "unused-producer", FACTS, *_added("producers:\n", "  ‸nobody: produces nothing\n")),
    Mistake(
        "fact inside a fact",
        "nested-fact",
        FACTS,
        *_added("facts:\n", "  nav.age.day: {unit: duration, from: wallet, meaning: Nested.}\n"),
        (FACTS, "nav.age:"),
    ),
    Mistake("unknown list of words", "unknown-list", CAPS, "of: universe.symbols", "of: ‸universe.symbol"),
    Mistake("no direction of a list", "cap-direction", CAPS, "tighter: superset", "tighter: ‸lower"),
    # the strategies
    Mistake("misspelt parameter", "unknown-key", STRATEGIES, "{fast: 12", "{fast: 12, ‸fsat: 12"),
    Mistake("missing parameter", "missing-key", STRATEGIES, "{fast: 12, ", "‸{"),
    Mistake("running without symbols", "missing-key", STRATEGIES, "every: 4h\n    symbols:", "‸every: 4h\n    #"),
    Mistake(
        "parameters of what doesn't run",
        "missing-key",
        STRATEGIES,
        "every: 4h\n    symbols: [BTCUSDT, ETHUSDT]\n    params:",
        "‸params:",
    ),
    Mistake("bare number for a share", "bad-value", STRATEGIES, "enter: 1%", "enter: ‸5"),
    Mistake("share for a duration", "bad-value", STRATEGIES, "patience: 3h", "patience: ‸3%"),
    Mistake("parameter out of range", "bad-value", STRATEGIES, "{fast: 12", "{fast: ‸1"),
    Mistake("parameter not below another", "bad-value", STRATEGIES, "{fast: 12", "{fast: ‸48"),
    Mistake("none as a parameter", "bad-value", STRATEGIES, "band: 25%", "band: ‸none"),
    Mistake("list as a parameter", "bad-value", STRATEGIES, "band: 25%", "band: ‸[25%]"),
    Mistake("bars that fill no day", "bad-value", STRATEGIES, "every: 4h", "every: ‸7h"),
    Mistake("bars of no whole minute", "bad-value", STRATEGIES, "every: 4h", "every: ‸90s"),
    Mistake("bars without a unit", "bad-value", STRATEGIES, "every: 4h", "every: ‸14400"),
    Mistake("misspelt symbol of a strategy", "unknown-symbol", STRATEGIES, ", ETHUSDT]", ", ‸ETHUSTD]"),
    Mistake("symbol twice in a strategy", "bad-value", STRATEGIES, ", ETHUSDT]", ", ‸BTCUSDT]"),
    Mistake(
        "running strategy without code",
        "undeclared-strategy",
        STRATEGIES,
        "  btc_micro:\n",
        "  ‸btc_micro:\n    every: 1h\n    symbols: [BTCUSDT]\n",
    ),
    Mistake("unit of a parameter", "unknown-unit", PARAMS, "{unit: duration", "{unit: ‸durations"),
    Mistake("parameter that is a list", "type-mismatch", PARAMS, "band: {unit: ratio", "band: {unit: ‸list"),
    Mistake("parameter in a coin", "type-mismatch", PARAMS, "band: {unit: ratio", "band: {unit: ‸base"),
    Mistake("words of a number", "type-mismatch", PARAMS, "{unit: ratio", "{values: [a, b], unit: ‸ratio"),
    Mistake(
        "reserved parameter",
        "bad-name",
        PARAMS,
        *_added("strategies:\n", "  idle: {meaning: x, params: {‸every: {unit: count, meaning: x}}}\n"),
    ),
    Mistake("below nothing", "unknown-param", PARAMS, "below: slow", "below: ‸slwo"),
    Mistake("below another unit", "unit-mismatch", PARAMS, "below: slow", "below: ‸enter"),
    # the cascade
    Mistake("symbol in two tiers", "two-tiers", TIERS, "[ETCUSDT]", "[ETCUSDT, ‸BTCUSDT]"),
    Mistake("symbol in no tier", "no-tier", TIERS, "[ETCUSDT]", "[]", (UNIVERSE, "ETCUSDT")),
    Mistake("looser than global", "looser-than-global", RISK, "    leverage: 3x\n", "    leverage: ‸5x\n"),
    Mistake("none below a bound", "looser-than-global", RISK, "{symbol_exposure: 8%}", "{symbol_exposure: ‸none}"),
    Mistake("strategy looser than global", "looser-than-global", STRATEGIES, "trade_nav: 3%", "trade_nav: ‸7%"),
    Mistake(
        "set in two files",
        "set-twice",
        RISK,
        "environments:",
        "strategies: {momentum: {strategy_exposure: 50%}}\nenvironments:",
        (STRATEGIES, "strategy_exposure: 60%"),
    ),
    Mistake("prod as an environment", "bad-name", RISK, "  testnet:\n", "  ‸prod: {}\n  testnet:\n"),
    Mistake(
        "unread cap",
        "unread-cap",
        CAPS,
        *_added("caps:\n", "  ‸skew: {unit: ratio, tighter: lower, per: account, meaning: Read by nobody.}\n"),
    ),
    Mistake("unset cap", "unset-cap", RISK, "  cooldown: 5m\n", "", (GATES, "caps.cooldown")),
    # the rules
    Mistake("unknown fact", "unknown-fact", GATES, "measure: nav.age", "measure: ‸nav.aeg"),
    Mistake("unknown fact inside", "unknown-fact", GATES, "(nav.peak - nav.total)", "(nav.peak - ‸nav.totals)"),
    Mistake("unknown measure", "unknown-measure", GATES, "exempt: reduces", "exempt: ‸reducez"),
    Mistake("unknown cap in a rule", "unknown-cap", GATES, "caps.nav_max_age", "‸caps.nav_age"),
    Mistake("unknown output", "unknown-output", SIZING, "crisis, factor:", "crisis, ‸factors:"),
    Mistake("value of another enum", "unknown-value", ROUTER, "== 'C_LOW'", "== ‸'D_LOW'"),
    Mistake("unit mismatch", "unit-mismatch", GATES, "gross.others + exposure_after", "gross.others ‸+ order.quantity"),
    Mistake(
        "measure of another unit",
        "unit-mismatch",
        GATES,
        NOTIONAL,
        NOTIONAL.replace("is: ", "is: ‸").replace("price", "leverage"),
    ),
    Mistake("no condition", "unit-mismatch", GATES, "require: symbol.enabled", "require: ‸symbol.tick"),
    Mistake("not of a number", "type-mismatch", GATES, "not control.kill_switch", "not ‸nav.age"),
    Mistake(
        "divisor not positive",
        "divisor-not-positive",
        GATES,
        "exposure_after / nav.total",
        "exposure_after / ‸margin.available",
    ),
    Mistake("call", "bad-expression", GATES, NOTIONAL, "{unit: USDT, is: ‸round(order.quantity) * order.price}"),
    Mistake("chain of comparisons", "bad-expression", GATES, "gross.others + exposure", "0 < gross.others ‸< exposure"),
    Mistake("circular measure", "circle", GATES, NOTIONAL, "{unit: USDT, is: gross_after}", (GATES, "notional: {")),
    Mistake(
        "circular table",
        "circle",
        SIZING,
        "factor: caps.size_low",
        "factor: tables.vol_factor.factor",
        (SIZING, "vol_factor:"),
    ),
    Mistake("the same id twice", "same-id", GATES, "id: symbol_enabled", "id: ‸kill_switch"),
    Mistake(
        "gate without a bound",
        "no-bound",
        GATES,
        "    below: caps.nav_max_age\n",
        "    # below: caps.nav_max_age\n",
        (GATES, "id: nav_fresh"),
    ),
    Mistake(
        "gate with two tests",
        "two-tests",
        GATES,
        "    below: caps.nav_max_age\n",
        "    require: not control.kill_switch\n",
        (GATES, "id: nav_fresh"),
    ),
    Mistake("formula as a bound", "formula-bound", GATES, "at_most: caps.trade_nav", "at_most: ‸caps.trade_nav * 2"),
    Mistake("none inside an expression", "none-inside", RISK, "target_nav: 3%", "target_nav: none", (SIZING, "min(")),
    Mistake(
        "shadow without an end", "shadow-until", GATES, KILL_SWITCH, f"{KILL_SWITCH}    mode: shadow\n", (GATES, "id:")
    ),
    Mistake(
        "shadow past its day", "shadow-over", GATES, *_added(KILL_SWITCH, "    mode: shadow\n    until: ‸2020-01-01\n")
    ),
    Mistake(
        "gate of the account over an order",
        "account-scope",
        GATES,
        "measure: nav.age",
        "when: order.urgent\n    measure: nav.age",
        (GATES, "id: nav_fresh"),
    ),
    Mistake("last row with a guard", "no-last-row", EXITS, "{id: stay, then", "‸{id: stay, when: own.held > 0, then"),
    Mistake(
        "unreachable row",
        "unreachable-row",
        EXITS,
        "{id: too_young, when: own.held < caps.min_hold,",
        "‸{id: too_young,",
    ),
)


# What `hedgerow check` says elsewhere in this file, and what can only be said of a compiled document that was altered.
ELSEWHERE: Final = {"bad-text", "no-file", "too-large", "unknown-environment", "bare-number", "no-op-override"} | {
    *("passes-missing", "unknown-gate", "unknown-reason", "unknown-table", "unknown-row"),
    *("nothing-passes", "size-too-small"),  # tests/generator/cover/test_feasible.py
    *("venue-minimum-over-cap", "under-venue-minimum", "over-bracket", "beyond-brackets"),  # test_against_venue.py
    *("no-clock", "not-waivable", "idle-waiver", "waiver-over"),  # test_waivers.py
    *("no-kind", "no-span", "two-spans", "bad-span", "kept-by", "breaker-scope"),  # test_lately.py
    *("unknown-event", "unknown-field", "division-inside"),
    *("unknown-breaker", "told-twice"),  # test_past.py
    *("bad-ignore", "unused-ignore", "treacherous-word", "contradictory-caps", "shadowed-gate"),  # test_lints.py
    *("inert-gate", "holds-exits", "repeated-row", "no-largest"),
    *("unknown-scenario", "unknown-command", "unknown-window"),  # test_packs.py
    *("not-in-regime", "idle-regime"),  # test_regimes.py
}
OF_DOCUMENTS: Final = {"bad-document", "no-gates", "same-name"}


def run(project: Path, *arguments: str) -> Result:
    """Runs a command in a project."""
    return CliRunner().invoke(main, ["--root", str(project), *arguments])


def checked(project: Path, *arguments: str) -> tuple[int, list[Problem]]:
    """The exit code of `hedgerow check`, and all that it has to say of a project."""
    result = run(project, "check", "--json", *arguments)
    return result.exit_code, [Problem(**json.loads(line)) for line in result.stdout.splitlines()]


def edit(project: Path, file: str, old: str, new: str) -> tuple[str, int, int]:
    """Replaces a text in a project's file, once, and gives the place that `‸` marks."""
    return Mistake("", "", file, old, new).made_in(project)


def shown(project: Path, problem: Problem) -> str:
    """A problem as a person sees it."""
    return render(problem, (project / problem.file).read_text(encoding="utf-8"))


def places(found: list[Problem]) -> list[tuple[str, int, int]]:
    """Where problems are shown."""
    return [(p.file, p.line, p.column) for p in found]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name.replace(" ", "_"))
def test_a_mistake_is_one_clear_problem_and_nothing_is_written(
    mistake: Mistake, project: Path, snapshot: SnapshotAssertion
) -> None:
    """One problem with its code, line and column; exit 2 from both commands; the universe that was there stays."""
    before = (project / COMPILED).read_bytes()
    place = mistake.made_in(project)

    code, found = checked(project)
    compiling = run(project, "universe")

    assert places(found) == [place]
    assert [(p.code, p.warning) for p in found] == [(mistake.code, False)]
    text = shown(project, found[0])
    assert text == snapshot
    assert code == compiling.exit_code == 2
    assert compiling.stderr == f"{text}\n1 problem; nothing was written\n"
    assert compiling.stdout == ""
    assert (project / COMPILED).read_bytes() == before
    assert [p.name for p in (project / "universe").iterdir() if p.is_file()] == ["universe.json"]


def test_each_code_has_a_mistake_that_gives_it() -> None:
    """No code is declared that nothing shows, and none is given that is not declared."""
    assert {m.code for m in MISTAKES} | ELSEWHERE | OF_DOCUMENTS == CODES.keys()


def test_check_shows_a_problem_as_the_compile_does(project: Path, snapshot: SnapshotAssertion) -> None:
    """The same text with its caret on stderr, then how many there are."""
    edit(project, RISK, "  leverage: 4x", "  leverage: 5")

    result = run(project, "check")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == snapshot


WARNINGS: Final = (
    Mistake("number in a rule", "bare-number", GATES, "is: positions.open + 1}", "is: positions.open + ‸3}"),
    Mistake(
        "number as a bound",
        "bare-number",
        GATES,
        "below: caps.order_rate",
        "below: caps.order_rate\n    when: day_loss > ‸3",
    ),
    Mistake(
        "override of the tier's own value", "no-op-override", RISK, "{symbol_exposure: 15%}", "{symbol_exposure: ‸20%}"
    ),
    Mistake("override of the global value", "no-op-override", RISK, "    leverage: 3x\n", "    leverage: ‸400%\n"),
    Mistake("passing on what is missing", "passes-missing", GATES, *_added(KILL_SWITCH, "    on_missing: ‸pass\n")),
)


@pytest.mark.parametrize("mistake", WARNINGS, ids=lambda mistake: mistake.name.replace(" ", "_"))
def test_a_warning_is_shown_and_stops_nothing(mistake: Mistake, project: Path, snapshot: SnapshotAssertion) -> None:
    """It has a place too; the check passes, and the universe is written."""
    place = mistake.made_in(project)

    code, found = checked(project)
    compiling = run(project, "universe")

    assert places(found) == [place]
    assert [(p.code, p.warning) for p in found] == [(mistake.code, True)]
    assert code == compiling.exit_code == 0
    assert compiling.stderr == shown(project, found[0]) + "\n"
    assert shown(project, found[0]) == snapshot
    assert "universe.json written" in compiling.stdout


def test_a_looser_value_names_both_lines(project: Path) -> None:
    """The line that is too loose, and in the help the global one."""
    _, line, _ = edit(project, RISK, "  leverage: 4x", "  ‸leverage: 4x")
    place = edit(project, RISK, "    leverage: 3x\n", "    leverage: ‸5x\n")

    _, [problem] = checked(project)

    assert places([problem]) == [place]
    assert f"{RISK}:{line};" in str(problem.help)


def test_many_mistakes_of_one_stage_are_all_told_at_once(project: Path, snapshot: SnapshotAssertion) -> None:
    """Values, names, cascade and rules of six files in one go, sorted by file, line and column."""
    edits = (
        (RISK, "  leverage: 4x", "  leverage: ‸5"),
        (RISK, "  drawdown: 30%", "  drawdown: ‸130%"),
        (RISK, "  ETHUSDT: {", "  ‸ETHUSTD: {"),
        (RISK, "    spread: 5bps", "    spread: ‸26bps"),
        (STRATEGIES, "trade_nav: 3%", "trade_nav: ‸7%"),
        (TIERS, "[ETCUSDT]", "[ETCUSDT, ‸FOOUSDT]"),
        (UNIVERSE, "{group: alts", "{group: ‸altz"),
        (GATES, "measure: nav.age", "measure: ‸nav.aeg"),
        (GATES, "(nav.peak - nav.total)", "(nav.peak - ‸nav.totals)"),
        (EXITS, "{id: stay, then", "‸{id: stay, when: own.held > 0, then"),
    )

    expected = [edit(project, *change) for change in edits]
    code, found = checked(project)

    assert code == 2
    assert places(found) == sorted(expected)
    assert run(project, "check").stderr == snapshot


def test_texts_and_shapes_of_several_files_are_told_at_once(project: Path, snapshot: SnapshotAssertion) -> None:
    """What is no strict YAML, and what has the wrong keys, before any value is looked at; an absent file too."""
    edits = (
        (RISK, "  daily_loss: 1%\n", "  daily_loss: 1%\n  ‸daily_loss: 2%\n"),
        (RISK, "  cooldown: 5m", "  cooldown: 5m\n  ‸cooldown: 6m"),
        (GATES, "account\n    measure: nav.age", "account\n    ‸mesure: nav.age"),
        (TIERS, "{twap: true}", "{twap: ‸yes}"),
        (ROUTER, "  route:", "  route: ‸!table"),
    )
    expected = [edit(project, *change) for change in edits]
    (project / EXITS).unlink()

    code, found = checked(project)

    assert code == 2
    assert places(found) == sorted([*expected, (EXITS, 1, 1)])
    assert run(project, "check").stderr == snapshot


@pytest.mark.parametrize(
    ("raw", "code", "line"),
    [
        (None, "no-file", 1),
        (b"format: 1\n# caf\xe9\ntiers: {}\n", "bad-text", 2),
        (b"format: 1\n" + b"#" * MAX_BYTES, "too-large", 1),
    ],
    ids=["absent", "not_unicode", "too_large"],
)
def test_a_file_that_cannot_be_read_is_a_problem(raw: bytes | None, code: str, line: int, project: Path) -> None:
    """Never a traceback, and never a compile without the file."""
    (project / TIERS).unlink()
    if raw is not None:
        (project / TIERS).write_bytes(raw)

    status, found = checked(project)

    assert (status, places(found), [p.code for p in found]) == (2, [(TIERS, line, 1)], [code])


def test_an_environment_that_there_is_not_is_refused(project: Path) -> None:
    """With the nearest name that there is; none of the universes is written."""
    code, [problem] = checked(project, "--env", "testnett")

    assert (code, problem.code, problem.help) == (2, "unknown-environment", "did you mean `testnet`?")
    assert run(project, "universe", "--env", "testnett").exit_code == 2
    assert not (project / "universe/universe.testnett.json").exists()


def test_another_environments_universe_is_never_decided_by(project: Path, snapshot: SnapshotAssertion) -> None:
    """A testnet universe in prod's place: `decide` refuses it, says so, and decides nothing."""
    assert run(project, "universe", "--env", "testnet").exit_code == 0
    (project / "universe/universe.testnet.json").replace(project / COMPILED)

    result = run(project, "decide")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.replace(str(project), "PROJECT") == snapshot


SCENARIO_MISTAKES: Final = (
    ("unknown-gate", "only: [nav_fresh]", "only: [‸nav_fresch]"),
    ("unknown-reason", "{veto: [nav_stale]}", "{veto: [‸nav_stall]}"),
    ("unknown-table", "{veto: [nav_stale]}", "{tables: {‸router: {row: urgent}}}"),
    ("unknown-row", "{veto: [nav_stale]}", "{tables: {route: {row: ‸urgently}}}"),
    ("unknown-output", "{veto: [nav_stale]}", "{tables: {route: {‸styles: taker}}}"),
    ("bad-value", "age: 200s", "age: ‸200"),
    ("unknown-key", "age: 200s", "‸aeg: 200s"),
    ("duplicate-key", "age: 200s", "age: 200s, ‸age: 300s"),
)


@pytest.mark.parametrize(("code", "old", "new"), SCENARIO_MISTAKES, ids=[code for code, _, _ in SCENARIO_MISTAKES])
def test_a_mistake_in_a_scenario_is_one_clear_problem(
    code: str, old: str, new: str, project: Path, snapshot: SnapshotAssertion
) -> None:
    """Scenarios are checked as the rules are, by `check` and before `test` runs any."""
    file = "rules/scenarios/mine.yaml"
    shutil.rmtree(project / "rules/scenarios")
    (project / "rules/scenarios").mkdir()
    (project / file).write_text(
        "format: 1\n"
        "scenarios:\n"
        "  - name: an old NAV\n"
        "    only: [nav_fresh]\n"
        "    facts: {order: {symbol: BTCUSDT}, nav: {age: 200s}}\n"
        "    expect: {veto: [nav_stale]}\n",
        encoding="utf-8",
    )
    place = edit(project, file, old, new)

    status, found = checked(project)

    assert (status, places(found), [p.code for p in found]) == (2, [place], [code])
    assert shown(project, found[0]) == snapshot
    assert run(project, "test").exit_code == 2


WORDS: Final = (
    *("none", "true", "yes", "0", "-1", "5", "1e6", "[]", "{}", "null", "~", "x", "5%", "1 BTC", "caps.leverage"),
    *("nav.total", "not", "'", '"', "|", ">", "-", "&", "*", "NaN", "99999999999999999999999999", "[a, b]", "{a: b}"),
)


@pytest.mark.parametrize("file", [*FILES.values(), VENUE])
def test_a_damaged_source_is_refused_or_compiles_whole(file: str, project: Path) -> None:
    """Lines lost or doubled, words and characters replaced: problems with places, never an exception, no rule lost."""
    dice = random.Random(file)
    text = (project / file).read_text(encoding="utf-8")
    words = list(re.finditer(r"[^\s,{}\[\]:]+", text))
    lines = text.splitlines(keepends=True)
    at, line, (one, other) = dice.randrange(len(text)), dice.randrange(len(lines)), dice.sample(words, 2)
    for damaged in (
        text[:at] + dice.choice("ab01.:,-{}[]\"'#%&*!|>@` \n\\é\x07") + text[at + 1 :],
        text[: one.start()] + dice.choice(WORDS) + text[one.end() :],
        text[: one.start()] + other.group() + text[one.end() :],
        "".join([*lines[:line], *lines[line + 1 :]]),
        "".join([*lines[:line], lines[line], *lines[line:]]),
    ):
        (project / file).write_text(damaged, encoding="utf-8")
        made = compiled_or_told(project)
        if made is not None:
            rules = parse(file_text(made.document)).ruleset
            gates = made.sources.documents["gates"].data
            kept = [gate["id"] for breaker in made.sources.entries("breakers") for gate in gates_of(breaker)]
            of_regimes = [in_regime(gates["gates"][t.gate]["id"], t.regime) for t in twins(made.sources)]
            assert [g.id for g in rules.gates] == [*(g["id"] for g in gates["gates"]), *kept, *of_regimes]
            assert [b.id for b in rules.breakers] == [b["id"] for b in made.sources.entries("breakers")]
            assert rules.windows.keys() == made.sources.entries("windows").keys()
            assert rules.measures.keys() == {*gates["measures"], *conditions(written(made.sources))}


def compiled_or_told(project: Path) -> Compiled | None:
    """What a project compiles to; None where it is refused with problems that can be shown."""
    try:
        return compile_universe(project, today=TODAY)
    except Refused as refused:
        told = report(refused.problems, refused.texts)
    assert told
    return None

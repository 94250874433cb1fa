"""Caps held against what the venue imposes, at the value that says the same as the venue and one step past it."""

from pathlib import Path
from typing import Any

import pytest

from generator.compile.problems import Problem, Refused
from generator.compile.stages import compile_universe
from tests.conftest import TODAY

RISK = Path("rules/risk.yaml")
OURS = ("venue-minimum-over-cap", "under-venue-minimum", "over-bracket", "beyond-brackets")


def found(project: Path, symbol: str, **caps: Any) -> list[Problem]:
    """What is said of a symbol's caps by the venue, where they are set in its own layer."""
    text = (project / RISK).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(f"  {symbol}:")]
    own = ", ".join(f"{name}: {value}" for name, value in caps.items())
    lines.insert(lines.index(next(line for line in lines if line.startswith("symbols:"))) + 1, f"  {symbol}: {{{own}}}")
    # Global must not be in the way: nothing below may be looser.
    raised = "\n".join(lines).replace("order_notional: 80_000 USDT", "order_notional: 2_000_000_000 USDT")
    raised = raised.replace("  leverage: 4x\n", "  leverage: 50x\n").replace(
        "min_notional: 25 USDT", "min_notional: 1 USDT"
    )
    (project / RISK).write_text(raised + "\n", encoding="utf-8")
    try:
        problems: Any = compile_universe(project, today=TODAY).warnings
    except Refused as refused:
        problems = refused.problems
        assert {p.code for p in problems if not p.warning} <= {"venue-minimum-over-cap", "contradictory-caps"}
    return sorted(p for p in problems if p.code in OURS and symbol in p.message)


@pytest.mark.parametrize(
    ("caps", "code"),
    [
        ({"order_notional": "12_000_000 USDT", "leverage": "50x"}, None),
        ({"order_notional": "70_000_000 USDT", "leverage": "26x"}, "over-bracket"),
        ({"order_notional": "12_000_001 USDT", "leverage": "50x"}, "over-bracket"),
        ({"order_notional": "1_800_000_000 USDT", "leverage": "1x"}, None),
        ({"order_notional": "1_800_000_001 USDT", "leverage": "1x"}, "beyond-brackets"),
        ({"order_notional": "100 USDT"}, None),
        ({"order_notional": "99 USDT"}, "venue-minimum-over-cap"),
        ({"open_quantity": "0.001 BTC"}, None),
        ({"open_quantity": "0.0009 BTC"}, "venue-minimum-over-cap"),
        ({"min_notional": "100 USDT"}, None),
        ({"min_notional": "99 USDT"}, "under-venue-minimum"),
    ],
)
def test_when_a_cap_passes_what_the_venue_imposes_then_its_own_line_is_named(
    project: Path, caps: dict[str, str], code: str | None
) -> None:
    """One step past it and not at it; what no order could pass is an error, what the venue mends is a warning."""
    quiet = {"order_notional": "79_000 USDT", "leverage": "4x", "min_notional": "100 USDT"}
    problems = found(project, "BTCUSDT", **{**quiet, **caps})

    assert [p.code for p in problems] == ([code] if code else [])
    for problem in problems:
        assert problem.file == str(RISK)
        assert problem.warning is (code != "venue-minimum-over-cap")
        assert problem.help


def test_when_symbols_share_a_setting_then_they_share_a_line(project: Path) -> None:
    """A tier's cap is wrong once, for all of its symbols that it is wrong for."""
    risk = project / RISK
    risk.write_text(risk.read_text(encoding="utf-8").replace("min_notional: 25 USDT", "min_notional: 4 USDT"), "utf-8")
    (problem,) = [
        p
        for p in compile_universe(project, today=TODAY).warnings
        if p.code == "under-venue-minimum" and "5 USDT" in p.message
    ]

    assert (
        problem.message
        == "`min_notional` of SOLUSDT, BNBUSDT, XRPUSDT, DOGEUSDT and 7 more is under the venue's minimum of 5 USDT"
    )

"""What an agent may ask, as tools: each answers what its command answers, as data; one of them proposes, none acts."""

import json
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from io import StringIO
from pathlib import Path
from threading import Lock
from typing import Any, Final

from cli.commands.universe import file_of
from cli.main import main
from cli.project import NO, pinned
from cli.proposals import scratch

PROD: Final = "prod"
Answer = dict[str, Any]


class Refused(Exception):
    """What was asked can't be answered; the text says why, and what to do."""


@dataclass(frozen=True)
class Tools:
    """The tools of one project.

    Args:
        root: its folder.
    """

    root: Path
    # Commands write to the standard streams, of which a process has one.
    _turn: Lock = field(default_factory=Lock)

    def explain(self, name: str, cap: str = "") -> Answer:
        """Explain a symbol, strategy, cap, gate, reason, measure, table or fact; with `cap`, where a symbol's or
        strategy's value of it comes from and what it overrides.
        """
        return {"explained": self._asked("explain", "--json", "--", name, *([cap] if cap else []))}

    def decide(self, facts: dict[str, Any], scope: str = "order") -> Answer:
        """Decide on facts, nested by their names, numbers as text: allow or veto with every reason, observed, limit,
        headroom and source line. `scope` is `order` or `account`. Nothing is sent anywhere.
        """
        engine = self._engine()
        found: Answer = json.loads(engine.decide(facts, _scope(scope)).to_json())
        return found

    def headroom(self, facts: dict[str, Any], scope: str = "order") -> Answer:
        """How far each gate with a bound is from it for these facts: positive inside, negative beyond."""
        from engine.facts import FactsFault
        from engine.numbers import canonical

        engine = self._engine()
        try:
            rooms = engine.headrooms(engine.reader.read(facts), _scope(scope))
        except FactsFault as fault:
            raise Refused(" ".join(filter(None, (str(fault), fault.help)))) from None
        return {
            "gates": [
                {k: canonical(v) if isinstance(v, Decimal) else v for k, v in asdict(room).items()} for room in rooms
            ]
        }

    def whatif(self, values: dict[str, str]) -> Answer:
        """What other values would mean, by name (`symbols.LTCUSDT.symbol_exposure`: `7%`): each change with its class,
        and which recorded orders would be answered otherwise. No file is touched.
        """
        if not values:
            raise Refused("no value is given; write {'symbols.LTCUSDT.symbol_exposure': '7%'}")
        found: Answer = self._asked("whatif", "--json", *(f"--set={name}={value}" for name, value in values.items()))
        return found

    def diff(self, base: str, head: str = "") -> Answer:
        """What changed between two refs, folders or compiled universes, by meaning; `head` is the working tree where it
        is left out. Of a ref nothing is checked out or run.
        """
        found: Answer = self._asked("diff", "--json", "--", base, *([head] if head else []))
        return found

    def propose_patch(
        self,
        why: str,
        values: dict[str, str] | None = None,
        remove: list[str] | None = None,
        scenarios: dict[str, list[dict[str, Any]]] | None = None,
        leave_branch: bool = False,
    ) -> Answer:
        """Whether a patch may be made, with every reason: values to set and to remove by name, and scenarios to add by
        file. With `leave_branch` a patch that passes is left as a branch with a report; no file of the working tree
        changes.
        """
        patch: Answer = {"format": "1", "why": why}
        given = {"set": values, "remove": remove, "scenarios": scenarios}
        patch |= {key: value for key, value in given.items() if value}
        with scratch() as folder:
            file = folder / "PATCH.yaml"
            file.write_text(json.dumps(patch, ensure_ascii=False, indent=1), encoding="utf-8")  # JSON is YAML
            what = "--propose" if leave_branch else "--dry-run"
            found: Answer = self._asked("patch", "apply", "--json", what, "--", str(file))
        return found

    def run_tests(self, pattern: str = "") -> Answer:
        """Run the scenarios whose name holds a text, or all of them: which hold, and what none of them shows."""
        found: Answer = self._asked("test", "--json", "-k", pattern)
        return found

    def _engine(self) -> Any:
        from engine import Engine
        from universe.reader import UniverseFault, load

        try:
            return Engine(load(self.root / file_of(PROD), PROD, pinned()).ruleset)
        except UniverseFault as fault:
            raise Refused(f"{fault}; {fault.help}") from None

    def _asked(self, *arguments: str) -> Any:
        """What a command answers, as data.

        Raises:
            Refused: the input or the environment is at fault, in the command's own words.
        """
        out, said = StringIO(), StringIO()
        with self._turn, redirect_stdout(out), redirect_stderr(said):
            try:
                main.main([f"--root={self.root}", *arguments], prog_name="hedgerow", standalone_mode=True)
            except SystemExit as end:
                code = end.code or 0
            else:
                code = 0
        if code not in (0, NO) or not out.getvalue().strip():
            raise Refused(said.getvalue().strip() or f"the command ended with {code}")
        answer = json.loads(out.getvalue())
        note = said.getvalue().strip()
        return {**answer, "said": note} if note and isinstance(answer, Mapping) else answer


def _scope(scope: str) -> str:
    from engine import SCOPES

    if scope not in SCOPES:
        raise Refused(f"`{scope}` is no scope; there are {', '.join(SCOPES)}")
    return scope

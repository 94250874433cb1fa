"""What the rules leave and what the examples miss: sizes that pass, cases at each bound, coverage, mutants.

| module | what |
|---|---|
| `grid.py`, `edges.py` | where a gate turns as one fact moves on its grid, exactly |
| `feasible.py`, `closed.py` | the order sizes that all gates let through at a NAV, and the gates that close the rest |
| `pairs.py`, `written.py` | a case on either side of each bound; `rules/scenarios/at_cap.yaml` |
| `coverage.py`, `missing.py` | which outcomes of each gate the scenarios show; what is missing, and what to write |
| `expressions.py`, `mutants.py` | small changes of the compiled rules |
| `trial.py`, `survivors.py` | whether a scenario notices a mutant; those that none does |
| `accepted.py` | what is accepted as missing, with reasons: `rules/uncovered.yaml` |
"""

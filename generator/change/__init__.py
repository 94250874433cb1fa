"""Change: what an edit of the rules means, whom it stops, whether it is proved tighter, and whether its author may
make it.

| module | what |
|---|---|
| `git.py`, `sources.py` | objects of a repository; a commit, a folder or a compiled universe as a side |
| `differ.py`, `fields.py`, `sides.py` | every difference once; how each field is treated; the two sides |
| `caps.py`, `origins.py`, `symbols.py`, `rules.py` | changes of caps, their layers, symbols, measures and tables |
| `gates.py`, `bounds.py`, `guards.py`, `renames.py` | changes of gates |
| `texts.py`, `plainly.py` | changes of what no universe is made of, and of what has no direction |
| `forms.py`, `needs.py` | whether two expressions are the same written otherwise; what must be known |
| `effective.py`, `movement.py`, `effects.py`, `verdicts.py` | values that hold, which way they move, what follows |
| `changes.py`, `words.py`, `places.py` | what was found, what it is called, where it stands |
| `prover.py`, `proof/` | what a solver adds |
| `flips.py`, `whatif.py` | recorded intents that are answered otherwise; edits in memory |
| `show/` | a diff as text, Markdown, JSON, SARIF, workflow commands |
| `history/`, `patching/`, `cover/` | the past; patches and who may make them; what the examples miss |

May import `engine`, `universe` and `generator.compile`; the solver is imported on first use.
"""

"""Agent-safe patches: whether a change's author may make it, decided by base's rules on data of head.

| module | what |
|---|---|
| `surfaces.py` | `rules/surfaces.yaml` read: authors, places, surfaces, and the engine that decides |
| `trees.py` | the files of a commit, a folder or an edit |
| `edits.py`, `layout.py` | what a change edits: keys of YAML, whole files, comments, in the order of the tree |
| `identity.py` | whose rights count |
| `steps.py`, `past.py` | how far caps move, against every value that held within a day and a month |
| `meaning.py`, `findings.py` | what the change is called; the checks that the checker runs itself |
| `facts.py`, `checker.py` | the facts of each edit; the verdict with every reason |
| `yaml_edit.py`, `patch_file.py`, `apply.py`, `propose.py` | `PATCH.yaml` applied in memory, then to disk or a branch |
| `escape.py`, `report.py`, `guide.py` | the verdict as text, Markdown and data; `docs/agents.md` |

Base is the authority: checker, schemas, surfaces, invariants, scenarios. Head is data: its objects are read, never
checked out, installed or imported.
"""

"""Agent-safe patches: whether a change's author may make it, decided by base's rules on data of head.

| module | what |
|---|---|
| `surfaces.py` | `rules/surfaces.yaml` read: authors, places, surfaces, and the engine that decides |
| `trees.py` | the files of a commit, a folder or an edit |
| `authority.py`, `compiled.py` | base, read once; one side of a change, compiled in every environment |
| `edits.py`, `names.py`, `layout.py`, `relaid.py` | what a change edits: keys of YAML, whole files, comments, layout |
| `identity.py` | whose rights count |
| `steps.py`, `past.py` | how far caps move, against every value that held within a day and a month |
| `meaning.py`, `findings.py`, `idle.py` | what the change is called; the checks that the checker runs itself |
| `facts.py`, `checker.py` | the facts of each edit; the verdict with every reason |
| `yaml_edit.py`, `patch_file.py`, `apply.py`, `disk.py`, `propose.py` | `PATCH.yaml` applied, to disk or a branch |
| `details.py`, `remedies.py`, `report.py` | what was found, what to do; the verdict as text, Markdown, annotations |
| `own_code.py`, `guide.py` | whether the code that checks is base's; `docs/agents.md` |

Base is the authority: checker, schemas, surfaces, invariants, scenarios. Head is data: its objects are read, never
checked out, installed or imported.
"""

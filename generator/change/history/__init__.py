"""History: the record of what was merged and activated, the values that a cap had, and the patch that takes one back.

| module | what |
|---|---|
| `record.py` | the append-only file of base, each line chained to the one before by its hash |
| `values.py` | every value that a name had on base's first-parent history, and why |
| `revert.py` | the inverse of a commit, as a patch |
"""

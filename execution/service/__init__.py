"""Decisions for executors in other languages: facts in, decisions out, over HTTP; and the log of what was decided.

On their way, facts are laid over those that orders share (`sharing.py`), decided by the universe that decides now
(`answers.py`), and told to whoever asked and to the log (`log.py`) from the same parts.

Nothing here acts: an order needs a `Clearance`, and only `execution.gate` makes one.
"""

"""Decisions for executors in other languages: facts in, decisions out, over HTTP; and the log of what was decided.

Nothing here acts: an order needs a `Clearance`, and only `execution.gate` makes one.
"""

"""Facts: what the rules are told of an order, one producer for each source that `schemas/facts.yaml` names.

A producer gives what it knows; what it does not know is absent, never 0. `gather` puts them together.
"""

from execution.facts.gather import PRODUCERS, gather, keys_of, of_keys, own_facts

__all__ = ["PRODUCERS", "gather", "keys_of", "of_keys", "own_facts"]

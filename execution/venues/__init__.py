"""Venues: the port that orders go through, the paper venue behind it, and the model of a market that candles lack.

May import `universe` and the events and orders of `execution`. Only `cli` chooses a venue.
"""

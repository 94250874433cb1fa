"""Strategies: what the market shows goes in, what is wanted comes out. No risk, no clock, no file, no network.

May import `universe` and the values of `engine`; never `execution`.
"""

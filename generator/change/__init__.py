"""Change: what an edit of the rules means, whom it stops, whether it is proved tighter, and whether its author may
make it.

May import `engine`, `universe` and `generator.compile`; the solver is imported on first use.
"""

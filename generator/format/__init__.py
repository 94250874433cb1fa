"""`hedgerow fmt`: one way to write a rule file. What a file means is proved unchanged before it is written.

`cut.py` quotes what a comma has cut in two; `texts.py` puts one text in order; `order.py` says in which order keys
stand; `project.py` does so for all files at once, and proves that no decision is another. May import what the
generator may.
"""

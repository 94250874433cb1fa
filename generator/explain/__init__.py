"""What `hedgerow explain` says of a name: who has it, where it is written, what follows it.

`holders.py` tells of symbols and strategies and of the caps that they have, `rules.py` of what the rules are made of,
`contracts.py` of what the project publishes (units, events, state files, problems); `names.py` finds who has a name.
"""

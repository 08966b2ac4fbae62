"""What every process of ours does alike: its settings, its log, and how it obeys signals.

`settings.py` reads a file that the environment and flags override, `logs.py` writes to standard error, `signals.py`
stops a process in order. May import `primitives`. Must not know which process it is in.
"""

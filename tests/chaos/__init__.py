"""Networks of real processes through storms of faults: drawn from a seed, and long forms of the faults one at a time.

Start with `manifest.py`, what a storm is made of; `faults.py` brings each fault about, `playing.py` plays a manifest
and measures what comes after it. `python -m tests.chaos SEED` plays one again.
"""

"""Validators that lie, one file each. `actor.py` is what they share; the oracle believes nothing that they say.

Each runs a real replica, so that it always knows what to lie about, and holds its own key, with which it may sign
anything. `PesteredNode` is the odd one: its node is hostile and its signer honest, so the oracle holds the signer to
every promise.
"""

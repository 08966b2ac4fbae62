"""The error by which a running node stops."""


class Halted(Exception):
    """What others certified contradicts this node's own execution; the node stops rather than guess."""

"""The errors by which a running node stops itself."""

from __future__ import annotations


class Halted(Exception):
    """A running node that must not go on; the text says why and what to do. Starting it again is safe."""


class Diverged(Halted):
    """What others certified contradicts this node's own execution; the node stops rather than guess."""


class DiskFailed(Halted):
    """What had to be durable could not be written; nothing that depends on it has been sent."""

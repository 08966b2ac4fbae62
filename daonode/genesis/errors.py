"""What can be wrong with a genesis document: the operator's mistake, always with the place."""

from __future__ import annotations


class GenesisError(Exception):
    """A genesis document that makes no chain. `path` is the place, such as `$.modules.accounts.assets[0].id`."""

    def __init__(self, *, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason

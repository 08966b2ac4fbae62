"""What can be wrong with a store: each error names the store and what to do about it."""

from __future__ import annotations


class StoreError(Exception):
    """Root of the errors of stores. `store` is where it is: a path, an address."""

    def __init__(self, message: str, *, store: str) -> None:
        super().__init__(f"the store {store} {message}")
        self.store = store


class StoreMissing(StoreError):
    """There is no store yet, or nothing can be made where it should be."""


class StoreForeign(StoreError):
    """It is something else: another program's file, another chain's rows, or tables that are not these."""


class StoreVersionUnknown(StoreError):
    """It was written in a version that this release cannot bring up to its own."""

    def __init__(self, *, store: str, found: int, supported: int) -> None:
        advice = "upgrade daonode" if found > supported else "build it again: daonode indexer reset"
        super().__init__(f"has version {found}, this release reads {supported}: {advice}", store=store)
        self.found = found
        self.supported = supported


class StoreDamaged(StoreError):
    """Its content is not what was written."""

    def __init__(self, *, store: str, detail: str) -> None:
        super().__init__(f"is damaged ({detail}): check the disk, remove the store, run the indexer again", store=store)
        self.detail = detail


class StoreBusy(StoreError):
    """Another process writes it."""


class StoreUnavailable(StoreError):
    """The operating system or the service behind it refuses: no permission, no space, no answer."""


class ChangesRefused(StoreError):
    """The changes do not belong after the store's head: of another chain, or of blocks whose rows are there."""

"""What can be wrong with a store. All but `StoreClosed` are for the operator: each names the path and what to do."""

from pathlib import Path


class StorageError(Exception):
    """A store cannot be used. `path` is its folder."""

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(message)
        self.path = path


class StoreLocked(StorageError):
    """Another process, or this one, has the store open."""

    def __init__(self, *, path: Path) -> None:
        super().__init__(
            f"the store {path} is open already: another daonode runs on this home; stop it or choose another --home",
            path=path,
        )


class StoreForeign(StorageError):
    """The folder holds something else: other software's files, another chain's, or the other kind of store."""

    def __init__(self, *, path: Path, expected: str, found: str) -> None:
        self.expected = expected
        self.found = found
        super().__init__(
            f"the store {path} holds {found} where this node needs {expected}: choose another --home, or move the"
            " folder away and start again",
            path=path,
        )


class StoreVersionUnknown(StorageError):
    """The store was written in a format that this release does not read."""

    def __init__(self, *, path: Path, found: int, supported: int) -> None:
        self.found = found
        self.supported = supported
        advice = "upgrade daonode" if found > supported else "start the release that wrote it, or sync anew"
        super().__init__(f"the store {path} has format {found}, this release reads {supported}: {advice}", path=path)


class StoreDamaged(StorageError):
    """Files of the store are missing or do not have the content that was written."""

    def __init__(self, *, path: Path, detail: str) -> None:
        self.detail = detail
        super().__init__(
            f"the store {path} is damaged ({detail}): check the disk, then move the folder {path.parent} away and start"
            " again; the node fetches the chain from its peers",
            path=path,
        )


class StoreClosed(StorageError):
    """The store was used after it was closed: the node is stopping."""

    def __init__(self, *, path: Path) -> None:
        super().__init__(f"the store {path} is closed", path=path)


class StoreUnavailable(StorageError):
    """The operating system refuses: no permission, no space, no such folder, a failing disk."""

    def __init__(self, *, path: Path, detail: str) -> None:
        self.detail = detail
        super().__init__(
            f"the store {path} cannot be used ({detail}): check permissions, free space and the disk, then start again",
            path=path,
        )

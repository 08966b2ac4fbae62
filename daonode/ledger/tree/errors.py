"""What can go wrong with the tree. The storage is at fault for the first two, the caller for the others."""


class TreeError(Exception):
    """The tree could not be read or changed."""


class MissingNode(TreeError):
    """A node that the tree points to is not in the storage: its version was pruned, or never committed."""

    def __init__(self, *, node_key: bytes) -> None:
        self.node_key = node_key
        self.version = int.from_bytes(node_key[:8])
        self.nibbles = node_key[8:]
        where = f"at nibble path {self.nibbles.hex()[1::2]}" if self.nibbles else "the root"
        super().__init__(
            f"tree node of version {self.version}, {where}, is not stored: the version was pruned or never committed"
        )


class MalformedNode(TreeError):
    """A stored node has a length that its own header contradicts."""

    def __init__(self, *, length: int, expected_length: int) -> None:
        self.length = length
        self.expected_length = expected_length
        super().__init__(f"stored tree node has {length} bytes where its header asks for {expected_length}")


class DuplicateKey(TreeError):
    """One batch changes a key twice, so its result would depend on the order."""

    def __init__(self, *, path: bytes) -> None:
        self.path = path
        super().__init__(f"the batch changes the key with path {path.hex()} more than once; give its last value only")


class VersionOrder(TreeError):
    """A new version does not follow the one that it builds on."""

    def __init__(self, *, version: int, previous_version: int) -> None:
        self.version = version
        self.previous_version = previous_version
        super().__init__(f"tree version {version} must be greater than the version {previous_version} it builds on")

"""The error of this folder."""


class TestnetError(Exception):
    """A test network cannot be made or run; the text says why and what to do."""

    __test__ = False

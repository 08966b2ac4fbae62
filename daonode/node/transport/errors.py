"""Errors of the transport, split by who is at fault.

`InvalidTransportConfig` and `AddressUnavailable` are the operator's, `FrameSizeRefused` is the caller's, and
`PeerError` with its subclasses is the peer's or the network's; the last never leave the package: they end a connection
and come out of `receive` as a `PeerDisconnected` or `PeerMisbehaved`.
"""


class TransportError(Exception):
    """Root of the errors of `daonode.node.transport`."""


class InvalidTransportConfig(TransportError):
    """A configured value cannot be used."""

    def __init__(self, *, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class AddressUnavailable(TransportError):
    """The listening address cannot be bound."""

    def __init__(self, *, address: str, problem: str) -> None:
        super().__init__(f"cannot listen on {address}: {problem}")
        self.address = address
        self.problem = problem


class FrameSizeRefused(TransportError):
    """The caller asked to send a frame that no peer would accept."""

    def __init__(self, *, size_bytes: int, max_frame_bytes: int) -> None:
        super().__init__(f"a frame holds 1 to {max_frame_bytes} bytes on this lane, not {size_bytes}")
        self.size_bytes = size_bytes
        self.max_frame_bytes = max_frame_bytes


class PeerError(TransportError):
    """The connection to a peer cannot go on."""


class ConnectionLost(PeerError):
    """The connection ended, or could not be made, for a reason that is nobody's breach of the protocol."""


class PeerBroke(PeerError):
    """The peer sent what the protocol forbids."""

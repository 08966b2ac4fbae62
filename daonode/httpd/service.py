"""What a server needs to know of the process that it serves: whom it answers, in which form, and how much it takes."""

from __future__ import annotations

from dataclasses import dataclass

from daonode.httpd.addresses import NO_PROXIES, Proxies
from daonode.httpd.guard import Guard
from daonode.httpd.metrics import ServerMetrics
from daonode.httpd.refusal import Render


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """The bounds that differ between processes. This machine's own address and trusted proxies may have all
    connections."""

    body_bytes: int
    """A request's body, or one message of a WebSocket."""
    silence_s: float
    """How long an HTTP connection may be silent; longer than the longest wait for an answer."""
    connections: int = 512
    connections_of_address: int = 64
    websockets: int = 256
    websockets_of_address: int = 16


@dataclass(frozen=True, slots=True)
class Service:
    """The process behind a server."""

    guard: Guard
    limits: ServerLimits
    metrics: ServerMetrics
    render: Render
    proxies: Proxies = NO_PROXIES

"""Who may ask at all: the names under which a server on this machine is called, and the pages that may call it.

A browser lets any page connect to any address. A page whose own name is made to point at this machine (DNS rebinding)
shows in the `Host` header; a page of another origin shows in `Origin`, which for a WebSocket the browser leaves to the
server to check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from daonode.httpd.budgets import is_loopback
from daonode.httpd.refusal import Refusal

LOCAL_NAME: Final = "localhost"
ANY_ORIGIN: Final = "*"


@dataclass(frozen=True, slots=True)
class Guard:
    """What a server on an address answers to.

    `names` are the hosts' names by which it is reached, besides this machine's own. `server` is what clients are told
    that it is, such as `node`; `setting` where its operator lists origins.
    """

    is_local: bool
    cors_origins: tuple[str, ...]
    server: str
    setting: str
    names: tuple[str, ...] = ()

    def knows(self, host: str) -> bool:
        """Whether a `Host` header is one of this server's names."""
        name = _name_of(host).lower().rstrip(".")
        return name in self.names or (self.is_local and _is_local_name(name))

    def refuse_host(self, host: str) -> Refusal | None:
        """Why a request with this `Host` header is not answered, or None: on loopback only its names are."""
        if not self.is_local or self.knows(host):
            return None
        return Refusal(
            HTTPStatus.FORBIDDEN,
            "wrong_host",
            f"this {self.server} is not called {host[:64]!r}",
            hint="it listens for this machine alone: use 127.0.0.1 or localhost",
        )

    def refuse_origin(self, origin: str, *, host: str) -> Refusal | None:
        """Why a page of this origin may not open a WebSocket, or None; no origin means that it is no browser."""
        if not origin or ANY_ORIGIN in self.cors_origins or origin in self.cors_origins:
            return None
        if urlsplit(origin).netloc.lower() == host.lower():
            return None
        return Refusal(
            HTTPStatus.FORBIDDEN,
            "wrong_origin",
            f"pages of {origin[:64]!r} may not connect",
            hint=f"list the origin in {self.setting}",
        )


def make_guard(
    listen: str, *, cors_origins: Sequence[str], server: str, setting: str, names: Sequence[str] = ()
) -> Guard:
    """The guard of a server that listens on `host:port`."""
    return Guard(
        is_local=_is_local_name(_name_of(listen)),
        cors_origins=tuple(cors_origins),
        server=server,
        setting=setting,
        names=tuple(name.lower().rstrip(".") for name in names),
    )


def _name_of(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_local_name(name: str) -> bool:
    return name.lower().rstrip(".") == LOCAL_NAME or is_loopback(name)

"""Where a request comes from: the connection's address, or what a trusted proxy says, and whose budget that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

AddressRange = IPv4Network | IPv6Network
IPV6_PREFIX: Final = 64
"""What one subscriber usually has of IPv6: a budget for each address of it would be none."""
MAX_HOPS: Final = 16
"""How many addresses of `X-Forwarded-For` are looked at, from the end."""


class AddressRangeError(ValueError):
    """A text is neither an address nor a network."""


def read_proxies(texts: Sequence[str]) -> Proxies:
    """The proxies of these addresses (`10.0.0.1`) and networks (`10.0.0.0/8`).

    Raises:
        AddressRangeError: one is neither.
    """
    found: list[AddressRange] = []
    for text in texts:
        try:
            found.append(ip_network(text))
        except ValueError as error:
            raise AddressRangeError(f"{text!r} is neither an address nor a network such as 10.0.0.0/8") from error
    return Proxies(tuple(found))


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies before a server that tell the truth about who asks; none unless there are ranges."""

    ranges: tuple[AddressRange, ...] = ()

    def trusts(self, address: str) -> bool:
        """Whether an address is one of theirs."""
        parsed = _parse(address)
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return parsed is not None and any(parsed in each for each in self.ranges)

    def client(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """The address that a request is counted for.

        It is that of the connection, unless it is a trusted proxy's: then the last one in its `X-Forwarded-For` headers
        that is no trusted proxy's itself. What stands before that one, anybody may have written.
        """
        address = peer
        hops = [hop.strip() for header in forwarded_for for hop in header.split(",")]
        for hop in reversed(hops[-MAX_HOPS:]):
            if not self.trusts(address) or _parse(hop) is None:
                break
            address = hop
        return address


NO_PROXIES: Final = Proxies()


def budget_name(address: str) -> str:
    """Whose budget an address spends: its own, for IPv6 its network's."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((parsed, IPV6_PREFIX), strict=False))
    return address


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None

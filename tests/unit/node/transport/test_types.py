"""Slips in a configuration are found when it is made, and named."""

import pytest

from daonode.node.transport.errors import InvalidTransportConfig
from daonode.node.transport.identity import PeerId, peer_id_from_public_key
from daonode.node.transport.sockets import parse_address
from daonode.node.transport.types import Multiaddress, PeerAddress, TransportConfig

KEY = bytes(range(32))
NOWHERE = Multiaddress("")


def _peer(key: bytes = KEY, *, peer_id: PeerId | None = None) -> PeerAddress:
    return PeerAddress(name="alice", peer_id=peer_id or peer_id_from_public_key(key), multiaddr=NOWHERE, public_key=key)


def _config(*, chain_reference: str = "chain", host_seed: bytes = bytes(32), peers: int = 1) -> TransportConfig:
    return TransportConfig(
        chain_reference=chain_reference, host_seed=host_seed, listen_address=NOWHERE, peers=(_peer(),) * peers
    )


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidTransportConfig, match="alice has 31 bytes, not 32"):
        _peer(bytes(31))


def test_a_peer_id_of_another_key_is_refused() -> None:
    with pytest.raises(InvalidTransportConfig, match="peer id of alice"):
        _peer(peer_id=peer_id_from_public_key(bytes(32)))


@pytest.mark.parametrize("reference", ["", "a/b", "a b", "é", "x" * 65, "a\n"])
def test_a_chain_reference_that_would_spoil_a_protocol_id_is_refused(reference: str) -> None:
    with pytest.raises(InvalidTransportConfig, match="chain reference"):
        _config(chain_reference=reference)


def test_a_seed_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidTransportConfig, match="host seed has 33 bytes"):
        _config(host_seed=bytes(33))


def test_a_peer_that_is_listed_twice_is_refused() -> None:
    with pytest.raises(InvalidTransportConfig, match="listed more than once: 12D3"):
        _config(peers=2)


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("/ip4/127.0.0.1/tcp/26656", "127.0.0.1", 26656),
        ("/ip6/::1/tcp/0", "::1", 0),
        ("/dns4/node.example/tcp/1", "node.example", 1),
    ],
)
def test_an_address_is_read(address: str, host: str, port: int) -> None:
    assert parse_address(Multiaddress(address)) == (host, port)


@pytest.mark.parametrize("address", ["", "127.0.0.1:1", "/ip4/127.0.0.1", "/ip4/1.2.3.4/udp/5", "/ip4/1.2.3.4/tcp/x"])
def test_an_address_that_is_not_a_host_and_a_tcp_port_is_refused(address: str) -> None:
    with pytest.raises(InvalidTransportConfig, match="is not"):
        parse_address(Multiaddress(address))

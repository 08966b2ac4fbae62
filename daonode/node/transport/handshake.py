"""From a TCP stream to an authenticated, multiplexed connection; and from a stream to a lane.

Security is noise (XX) with the Ed25519 host key, in a private network with its key too (`private.py`). The multiplexer
is yamux, protocols are agreed by multistream-select: all of libp2p, assembled here without its host and swarm, which
start tasks of their own and know no lanes.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import trio
from libp2p.abc import ISecureTransport
from libp2p.crypto.ed25519 import create_new_key_pair as create_host_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_key_pair
from libp2p.custom_types import TProtocol
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.peer.id import ID
from libp2p.protocol_muxer.multiselect import Multiselect
from libp2p.protocol_muxer.multiselect_client import MultiselectClient
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE_PROTOCOL_ID
from libp2p.security.noise.transport import Transport as NoiseTransport
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID as YAMUX_PROTOCOL_ID
from libp2p.transport.upgrader import TransportUpgrader

from daonode.node.transport.errors import ConnectionLost, PeerError
from daonode.node.transport.identity import PeerId
from daonode.node.transport.muxing import LaneMuxer, LaneStream
from daonode.node.transport.private import PRIVATE_NOISE_PROTOCOL_ID, PrivateNoiseTransport
from daonode.node.transport.sockets import BoundedTcpStream

Result = TypeVar("Result")

# libp2p leaves its logger without a handler, so logging would print its warnings on standard error: a line for every
# peer that goes away. What matters of them comes out of here as the reason of an event.
logging.getLogger("libp2p").addHandler(logging.NullHandler())


async def supervise_library(call: Callable[[], Awaitable[Result]], *, doing: str) -> Result:
    """Run library code that parses a stranger's bytes; whatever it raises ends this connection and nothing else.

    The parsers of libp2p, noiseprotocol, protobuf and cryptography document no closed set of errors, and hostile bytes
    have been seen to raise ValueError, AssertionError, InvalidTag and UnicodeDecodeError.

    Raises:
        PeerError: the call failed; the text says `doing` what, and the cause.
    """
    try:
        return await call()
    except PeerError:
        raise
    except Exception as error:
        cause = str(error) or type(error).__name__
        raise ConnectionLost(f"{doing}: {cause}") from error


@dataclass(frozen=True, slots=True)
class Connection:
    """An authenticated connection whose multiplexer has yet to be run."""

    peer: PeerId
    is_dialer: bool
    tcp: BoundedTcpStream
    muxer: LaneMuxer


class Handshaker:
    """Upgrades TCP streams with this host's identity.

    Args:
        host_seed: 32-byte Ed25519 seed of the host key.
        network_key: the 32 bytes that all hosts of a private network have; None where the network is not private.
    """

    def __init__(self, *, host_seed: bytes, network_key: bytes | None = None) -> None:
        host_keys, noise_key = create_host_key_pair(host_seed), create_noise_key_pair().private_key
        secure: dict[TProtocol, ISecureTransport]
        if network_key is None:
            secure = {NOISE_PROTOCOL_ID: NoiseTransport(host_keys, noise_key)}
            self._failure = "the noise handshake failed"
        else:
            secure = {PRIVATE_NOISE_PROTOCOL_ID: PrivateNoiseTransport(host_keys, noise_key, network_key)}
            self._failure = "the private network's handshake failed; does the other side have the same network key?"
        self._upgrader = TransportUpgrader(secure, {TProtocol(YAMUX_PROTOCOL_ID): LaneMuxer})

    async def connect(self, stream: trio.SocketStream, *, expected_peer: PeerId | None) -> Connection:
        """Authenticate the other side and agree on yamux; the dialler says whom it expects, the listener None.

        The stream is closed where this fails or is cancelled.

        Raises:
            PeerError: the other side is somebody else, speaks something else, or left.
        """
        try:
            return await self._upgrade(stream, expected_peer=expected_peer)
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise

    async def _upgrade(self, stream: trio.SocketStream, *, expected_peer: PeerId | None) -> Connection:
        is_dialer = expected_peer is not None
        tcp = BoundedTcpStream(stream)
        raw = RawConnection(tcp, is_dialer)
        peer_id = None if expected_peer is None else ID.from_base58(expected_peer)
        secured = await supervise_library(
            lambda: self._upgrader.upgrade_security(raw, is_dialer, peer_id), doing=self._failure
        )
        remote = secured.get_remote_peer()
        # The upgrader's own `upgrade_connection` would make a plain `Yamux`, whatever class it was given.
        await supervise_library(
            lambda: self._upgrader.muxer_multistream.select_transport(secured), doing="no multiplexer was agreed"
        )
        muxer = LaneMuxer(secured, remote, is_initiator=is_dialer)
        tcp.on_proven(muxer.on_read)
        return Connection(peer=PeerId(remote.to_base58()), is_dialer=is_dialer, tcp=tcp, muxer=muxer)


async def request_protocol(stream: LaneStream, protocol: str) -> None:
    """Ask the peer to speak `protocol` on a stream that this side opened.

    Raises:
        PeerError: it does not speak it.
    """
    await supervise_library(
        lambda: MultiselectClient().select_one_of([TProtocol(protocol)], MultiselectCommunicator(stream)),
        doing=f"the peer does not speak {protocol}",
    )


async def answer_protocol(stream: LaneStream, protocols: list[str]) -> str:
    """Agree on one of `protocols` on a stream that the peer opened.

    Raises:
        PeerError: none was agreed.
    """
    multiselect = Multiselect({TProtocol(protocol): None for protocol in protocols})
    selected, _ = await supervise_library(
        lambda: multiselect.negotiate(MultiselectCommunicator(stream)), doing="no protocol was agreed"
    )
    assert selected is not None
    return str(selected)

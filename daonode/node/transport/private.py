"""Noise with a key that all hosts of a private network have: `Noise_XXpsk0`, beside libp2p's `Noise_XX`.

The key is mixed in before anything else, so that the dialler's first message is already encrypted and authenticated
with it. Who does not have it fails there: before this host has computed a shared secret, and before it has told who it
is. Everything after is as in XX, host identities and forward secrecy included. The protocol has a name of its own, so a
host without a key is not even understood. Source: The Noise Protocol Framework, revision 34, section 9.
"""

from __future__ import annotations

from libp2p.crypto.keys import KeyPair, PrivateKey
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from libp2p.security.noise.patterns import PatternXX
from libp2p.security.noise.transport import Transport as NoiseTransport
from noise.connection import NoiseConnection

PRIVATE_NOISE_PROTOCOL_ID = TProtocol("/daonode/noise-xxpsk0/1")


class _PrivatePattern(PatternXX):
    """The handshake XX with the modifier psk0."""

    def __init__(self, local_peer: ID, host_key: PrivateKey, noise_key: PrivateKey, network_key: bytes) -> None:
        super().__init__(local_peer, host_key, noise_key)
        self.protocol_name = b"Noise_XXpsk0_25519_ChaChaPoly_SHA256"
        self._network_key = network_key

    def create_noise_state(self, prologue: bytes | None = None) -> NoiseConnection:
        state = super().create_noise_state(prologue)
        state.set_psks(psk=self._network_key)
        return state


class PrivateNoiseTransport(NoiseTransport):
    """libp2p's noise transport for a private network; `network_key` is 32 bytes."""

    def __init__(self, host_keys: KeyPair, noise_key: PrivateKey, network_key: bytes) -> None:
        super().__init__(host_keys, noise_key)
        self._network_key = network_key

    def get_pattern(self) -> _PrivatePattern:
        """The handshake of one connection."""
        return _PrivatePattern(self.local_peer, self.libp2p_privkey, self.noise_privkey, self._network_key)

"""Peer ids, against libp2p's own."""

from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID

from daonode.node.transport.identity import peer_id_from_public_key, peer_id_from_seed, public_key_from_seed


def test_a_peer_id_is_the_one_that_libp2p_derives() -> None:
    for number in range(32):
        seed = bytes([number]) * 32
        pair = create_new_key_pair(seed)
        assert public_key_from_seed(seed) == pair.public_key.to_bytes()
        assert peer_id_from_seed(seed) == ID.from_pubkey(pair.public_key).to_base58()


def test_a_peer_id_of_a_known_key_is_spelled_as_always() -> None:
    public_key = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert peer_id_from_public_key(public_key) == "12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV"

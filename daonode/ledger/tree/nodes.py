"""The bytes of a stored node, and the hash rules over them.

A stored node is four binary levels: 16 *slots*, one a nibble. This file is the only one that knows its layout:

    header    20 bytes: the size of each of the 20 fields that follow
    fields    16 slots, then 4 memos

    slot      empty (0 bytes), or a leaf (96 bytes: leaf hash, path, value hash), or an internal child
              (40 bytes: its hash, then the version u64 that wrote it)
    memo      the hash of four neighbouring slots when it is neither empty nor a lone leaf; with it a change of one slot
              costs 6 hashes and not 15

Everything that has a hash starts with it, and its length says what it is. So a *subtree* of any height is one `bytes`:
empty, a leaf record, or something of another length whose first 32 bytes are an internal hash. `join` works on these,
and the collapse of a lone leaf needs no case of its own anywhere else.

The speed of the whole chain stands on this file: fields stay slices of bytes, there is no object per node.
"""

from hashlib import sha256
from struct import Struct

from daonode.ledger.tree.errors import MalformedNode

HASH_SIZE = 32
VERSION_SIZE = 8
LEAF_SIZE = 96
INTERNAL_SIZE = 40
SLOT_COUNT = 16
MEMO_COUNT = 4
FIELD_COUNT = SLOT_COUNT + MEMO_COUNT

EMPTY_HASH = bytes(HASH_SIZE)
"""The hash of a subtree without a leaf, and the root of the empty map."""

_LEAF_PREFIX = b"\x00"
_INTERNAL_PREFIX = b"\x01"

# Near the root every slot is an internal child. One C call takes such a node apart three times faster than a loop.
_FULL_HEADER = bytes([INTERNAL_SIZE] * SLOT_COUNT + [HASH_SIZE] * MEMO_COUNT)
_FULL_FIELDS = Struct(f"{INTERNAL_SIZE}s" * SLOT_COUNT + f"{HASH_SIZE}s" * MEMO_COUNT)
_FULL_SIZE = FIELD_COUNT + _FULL_FIELDS.size

# Maps an ASCII hexadecimal digit to its value, so that a path becomes nibbles in two C calls.
_HEX_TO_NIBBLE = bytes(int(chr(code), 16) if chr(code) in "0123456789abcdef" else 0 for code in range(256))


def path_nibbles(path: bytes) -> bytes:
    """Spread a path of 32 bytes over 64 bytes of 0 to 15, most significant nibble first."""
    return path.hex().encode().translate(_HEX_TO_NIBBLE)


def leaf_record(path: bytes, value: bytes) -> bytes:
    """Build the slot of a leaf: its hash, its path, the hash of its value."""
    path_and_value = path + sha256(value).digest()
    return sha256(_LEAF_PREFIX + path_and_value).digest() + path_and_value


def leaf_path(leaf: bytes) -> bytes:
    """Return the path in a leaf record."""
    return leaf[32:64]


def leaf_value_hash(leaf: bytes) -> bytes:
    """Return the hash of the value in a leaf record."""
    return leaf[64:96]


def leaf_nibble(leaf: bytes, depth: int) -> int:
    """Return the nibble of a leaf's path at `depth` nibbles below the root."""
    octet = leaf[32 + (depth >> 1)]
    return octet & 15 if depth & 1 else octet >> 4


def subtree_hash(subtree: bytes) -> bytes:
    """Return the 32-byte hash of a subtree."""
    return subtree[:HASH_SIZE] if subtree else EMPTY_HASH


def join(left: bytes, right: bytes) -> bytes:
    """Join two neighbouring subtrees: empty, or the lone leaf of the two, or the internal hash over them."""
    if left and right:
        return sha256(_INTERNAL_PREFIX + left[:HASH_SIZE] + right[:HASH_SIZE]).digest()
    only = left or right
    if not only or len(only) == LEAF_SIZE:
        return only
    if left:
        return sha256(_INTERNAL_PREFIX + left[:HASH_SIZE] + EMPTY_HASH).digest()
    return sha256(_INTERNAL_PREFIX + EMPTY_HASH + right[:HASH_SIZE]).digest()


def new_fields() -> list[bytes]:
    """Return the fields of a node without children."""
    return [b""] * FIELD_COUNT


def decode_fields(data: bytes) -> list[bytes]:
    """Take a stored node apart into its 20 fields.

    Raises:
        MalformedNode: the length is not what the header says.
    """
    header = data[:FIELD_COUNT]
    if header == _FULL_HEADER and len(data) == _FULL_SIZE:
        return list(_FULL_FIELDS.unpack_from(data, FIELD_COUNT))
    fields = []
    offset = FIELD_COUNT
    for size in header:
        end = offset + size
        fields.append(data[offset:end] if size else b"")
        offset = end
    if len(fields) != FIELD_COUNT or offset != len(data):
        raise MalformedNode(length=len(data), expected_length=max(offset, FIELD_COUNT))
    return fields


def encode_fields(fields: list[bytes]) -> bytes:
    """Build the bytes of a stored node."""
    return bytes(map(len, fields)) + b"".join(fields)


def set_slot(fields: list[bytes], nibble: int, slot: bytes) -> None:
    """Replace a slot and forget the memo over it."""
    fields[nibble] = slot
    fields[SLOT_COUNT + (nibble >> 2)] = b""


def quad(fields: list[bytes], index: int) -> bytes:
    """Return the subtree over the slots `4 * index` to `4 * index + 3`."""
    return fields[SLOT_COUNT + index] or _join_four(*fields[4 * index : 4 * index + 4])


def seal(fields: list[bytes]) -> bytes:
    """Fill the memos that are missing and return the subtree that is the whole node."""
    quads = fields[SLOT_COUNT:]
    for index, memo in enumerate(quads):
        if not memo:
            quads[index] = subtree = _join_four(*fields[4 * index : 4 * index + 4])
            if len(subtree) == HASH_SIZE:
                fields[SLOT_COUNT + index] = subtree
    return _join_four(*quads)


def _join_four(first: bytes, second: bytes, third: bytes, fourth: bytes) -> bytes:
    """Join four neighbouring subtrees over two levels."""
    if first and second and third and fourth:
        # The common case near the root, where most of the hashing happens: written out, it spares six calls.
        left = sha256(_INTERNAL_PREFIX + first[:HASH_SIZE] + second[:HASH_SIZE]).digest()
        right = sha256(_INTERNAL_PREFIX + third[:HASH_SIZE] + fourth[:HASH_SIZE]).digest()
        return sha256(_INTERNAL_PREFIX + left + right).digest()
    left = join(first, second) if first or second else b""
    right = join(third, fourth) if third or fourth else b""
    return join(left, right) if left or right else b""

"""The canonical encoding of values: strict MessagePack, one encoding a value, one value an encoding.

Every signed, hashed, stored or sent value goes through here. Structures derive from ``Record`` and become
arrays in field order. Rules:

- ``decode`` accepts exactly the bytes that ``encode`` gives for the decoded value. A trailing byte, a wrong
  type, a missing or an extra field, a number in a longer form than needed: ``DecodeError``.
- A map has text keys, each once, in the order of their UTF-8 bytes.
- Whatever the bytes, only ``DecodeError`` leaves ``decode``.
- Whether bytes are accepted depends on the bytes and the type alone, never on how deep the caller's stack
  is. So the nesting of recursive types is bounded by ``MAX_DEPTH``.
- ``msgspec.Raw`` holds the bytes of one value whose type is not known yet. Its nesting is bounded and it holds
  no float and no extension; whether it is canonical is found when it is decoded itself.
- A type whose encoding cannot be canonical (floats, sets, ``object``, times) has no decoder: asking for one
  raises ``UnsupportedTypeError``, which is a mistake of the programmer.

Constraints of a field (``U64``, ``Bytes32``, the ids) are checked when decoding, not when constructing.
This file knows no value of the product.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, TypeVar, cast

import msgspec
from msgspec import Meta, inspect
from msgspec.msgpack import Decoder, Encoder

from daonode.primitives.errors import PrimitiveError
from daonode.primitives.nesting import nesting_fault, nests_without_bound

if TYPE_CHECKING:
    from typing_extensions import TypeForm

T = TypeVar("T")

MAX_DEPTH: Final = 32
"""How many arrays and maps may stand inside one another where the type itself sets no bound."""

MAX_ENCODED_BYTES: Final = 16 * 1024 * 1024
"""The most bytes that ``decode`` looks at when its caller names no smaller bound."""

MAX_CACHED_DECODERS: Final = 1024

U8 = Annotated[int, Meta(ge=0, le=2**8 - 1)]
U16 = Annotated[int, Meta(ge=0, le=2**16 - 1)]
U32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
# msgspec cannot express an upper bound above 2**63 - 1, and needs none: MessagePack ends at 2**64 - 1.
U64 = Annotated[int, Meta(ge=0)]

Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Bytes64 = Annotated[bytes, Meta(min_length=64, max_length=64)]


class Record(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The base of every encoded structure: immutable, an array in field order, no unknown field accepted."""


class CodecError(PrimitiveError):
    """A value or its bytes have no place in the canonical encoding."""


class EncodeError(CodecError):
    """A value has no canonical encoding; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DecodeError(CodecError):
    """Bytes are not the canonical encoding of the wanted type; ``reason`` says what was wrong and where."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_encoder: Final = Encoder(order="deterministic")


def encode(value: object) -> bytes:
    """Return the canonical MessagePack bytes of a value.

    Raises ``EncodeError`` where there are none: an integer beyond 64 bits, an unknown class, text that is no
    UTF-8, a map whose keys are not text. Field constraints are not checked here.
    """
    try:
        return _encoder.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise EncodeError(f"{type(value).__name__} has no canonical encoding: {error}") from error


def decode(data: bytes, type_: "TypeForm[T]", *, max_bytes: int | None = None) -> T:
    """Return the value whose canonical encoding the bytes are.

    ``type_`` is a ``Record``, a basic type, or a union or tuple of such. At most ``max_bytes`` bytes are
    accepted (``MAX_ENCODED_BYTES`` unless given). Raises ``DecodeError`` for any other bytes, and
    ``UnsupportedTypeError`` for a type that has no canonical encoding, whatever the bytes.
    """
    limit_bytes = MAX_ENCODED_BYTES if max_bytes is None else max_bytes
    if len(data) > limit_bytes:
        raise DecodeError(f"expected at most {limit_bytes} bytes, got {len(data)}")
    tool = _decoders.get(type_) or _make_decoder(type_)
    if tool.nests_without_bound and (fault := nesting_fault(data, max_depth=MAX_DEPTH)):
        raise DecodeError(fault)
    try:
        value = tool.decoder.decode(data)
        canonical = _encoder.encode(value)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise DecodeError(str(error) or type(error).__name__) from error
    if canonical != data:
        raise DecodeError(_describe_difference(data, canonical))
    return cast("T", value)  # The decoder was made for this very type.


@dataclass(frozen=True, slots=True)
class _StrictDecoder:
    """One type's decoder, and whether its bytes need the depth check first."""

    decoder: Decoder[object]
    nests_without_bound: bool


_decoders: dict[object, _StrictDecoder] = {}


def _make_decoder(type_: object) -> _StrictDecoder:
    unbounded = nests_without_bound(inspect.type_info(type_))
    decoder: Decoder[object] = Decoder(type_)
    if len(_decoders) >= MAX_CACHED_DECODERS:
        _decoders.clear()
    tool = _decoders[type_] = _StrictDecoder(decoder, unbounded)
    return tool


def _describe_difference(data: bytes, canonical: bytes) -> str:
    shared = min(len(data), len(canonical))
    position = next((index for index in range(shared) if data[index] != canonical[index]), shared)
    return f"not in canonical form: differs from the canonical {len(canonical)} bytes at byte {position}"

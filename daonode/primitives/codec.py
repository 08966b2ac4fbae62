"""The canonical encoding of values: strict MessagePack, one encoding a value, one value an encoding.

Every signed, hashed, stored or sent value goes through here. Structures derive from ``Record`` and become
arrays in field order. Rules:

- ``decode`` accepts exactly the bytes that ``encode`` gives for the decoded value. A trailing byte, a wrong
  type, a missing or an extra field, a number in a longer form than needed: ``DecodeError``.
- A map has text keys, each once, the shorter first, and those of one length in the order of their UTF-8 bytes.
- Whatever the bytes, only ``DecodeError`` leaves ``decode``.
- Whether bytes are accepted depends on the bytes and the type alone, never on how deep the caller's stack
  is. So the nesting of recursive types is bounded by ``MAX_DEPTH``.
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


class UnsupportedTypeError(CodecError):
    """A type cannot be decoded canonically: a mistake in the definition of ``type_name``."""

    def __init__(self, *, type_name: str, reason: str) -> None:
        super().__init__(f"{type_name}: {reason}")
        self.type_name = type_name
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
    accepted (``MAX_ENCODED_BYTES`` unless given). Raises ``DecodeError`` for any other bytes.
    """
    limit_bytes = MAX_ENCODED_BYTES if max_bytes is None else max_bytes
    if len(data) > limit_bytes:
        raise DecodeError(f"expected at most {limit_bytes} bytes, got {len(data)}")
    tool = _decoders.get(type_) or _make_decoder(type_)
    if tool.nests_without_bound:
        _check_depth(data)
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
    nests_without_bound = _nests_without_bound(inspect.type_info(type_), enclosing=())
    decoder: Decoder[object] = Decoder(type_)
    if len(_decoders) >= MAX_CACHED_DECODERS:
        _decoders.clear()
    tool = _decoders[type_] = _StrictDecoder(decoder, nests_without_bound)
    return tool


def _describe_difference(data: bytes, canonical: bytes) -> str:
    shared = min(len(data), len(canonical))
    position = next((index for index in range(shared) if data[index] != canonical[index]), shared)
    return f"not in canonical form: differs from the canonical {len(canonical)} bytes at byte {position}"


_BOUNDED_LEAVES: Final = (
    inspect.NoneType,
    inspect.BoolType,
    inspect.IntType,
    inspect.StrType,
    inspect.BytesType,
    inspect.EnumType,
    inspect.LiteralType,
)


def _nests_without_bound(shape: inspect.Type, *, enclosing: tuple[type, ...]) -> bool:
    """Say whether values of the type can nest to any depth; refuse types that have no canonical encoding.

    ``enclosing`` holds the structures around this place: meeting one again is recursion.
    """
    match shape:
        case inspect.Metadata():
            return _nests_without_bound(shape.type, enclosing=enclosing)
        case inspect.RawType():
            return True
        case inspect.UnionType():
            parts = shape.types
        case inspect.TupleType():
            parts = shape.item_types
        case inspect.VarTupleType() | inspect.ListType():
            parts = (shape.item_type,)
        case inspect.DictType():
            if not isinstance(shape.key_type, inspect.StrType):
                raise UnsupportedTypeError(type_name="dict", reason="a canonical map has text as keys")
            parts = (shape.value_type,)
        case inspect.StructType():
            return _structure_nests_without_bound(shape, enclosing=enclosing)
        case _ if isinstance(shape, _BOUNDED_LEAVES):
            return False
        case _:
            raise UnsupportedTypeError(type_name=_name_of(shape), reason="this type has no canonical encoding")
    # Every part is looked at, even after the first recursive one, because it may have to be refused.
    answers = [_nests_without_bound(part, enclosing=enclosing) for part in parts]
    return any(answers)


def _structure_nests_without_bound(shape: inspect.StructType, *, enclosing: tuple[type, ...]) -> bool:
    if shape.cls in enclosing:
        return True
    if not (shape.array_like and shape.forbid_unknown_fields):
        raise UnsupportedTypeError(type_name=shape.cls.__name__, reason="derive it from Record")
    inside = (*enclosing, shape.cls)
    answers = [_nests_without_bound(field.type, enclosing=inside) for field in shape.fields]
    return any(answers)


def _name_of(shape: inspect.Type) -> str:
    return shape.cls.__name__ if isinstance(shape, inspect.CustomType) else type(shape).__name__.removesuffix("Type")


# MessagePack heads of one byte: the bytes of a fixed payload, and the bytes of a length.
_FIXED: Final = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_ARRAYS: Final = (0xDC, 0xDD)
_MAPS: Final = (0xDE, 0xDF)
_LENGTHS: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}


def _check_depth(data: bytes) -> None:
    """Raise ``DecodeError`` where more than ``MAX_DEPTH`` arrays and maps stand inside one another.

    Reads token heads only; malformed bytes end the reading, and the real decoder says what is wrong with them.
    """
    position = 0
    open_items: list[int] = []  # How many items each enclosing array or map still waits for, outermost first.
    while position < len(data):
        head = data[position]
        start = position
        position, items = _read_head(data, head=head, position=position + 1)
        if items is not None and len(open_items) == MAX_DEPTH:
            raise DecodeError(f"byte {start}: nested deeper than {MAX_DEPTH}")
        if open_items:
            open_items[-1] -= 1
        if items:
            open_items.append(items)
        while open_items and open_items[-1] == 0:
            open_items.pop()


def _read_head(data: bytes, *, head: int, position: int) -> tuple[int, int | None]:
    """Return where the next token begins, and how many items follow if this one opens an array or a map."""
    if head <= 0x7F or head >= 0xE0:
        return position, None
    if head <= 0x8F:
        return position, 2 * (head & 0x0F)
    if head <= 0x9F:
        return position, head & 0x0F
    if head <= 0xBF:
        return position + (head & 0x1F), None
    if head in _FIXED:
        return position + _FIXED[head], None
    width = _LENGTHS.get(head)
    if width is None:
        raise DecodeError(f"byte {position - 1}: 0x{head:02x} begins no value of the canonical encoding")
    length = int.from_bytes(data[position : position + width], "big")
    position += width
    if head in _ARRAYS:
        return position, length
    if head in _MAPS:
        return position, 2 * length
    return position + length, None

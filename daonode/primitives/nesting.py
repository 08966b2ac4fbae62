"""How deep values nest: which types set a bound themselves, and whether bytes stay inside a given one.

The codec asks here before it decodes, because the decoder's own limit is the room left on the caller's stack,
which differs between machines. This file knows MessagePack's heads (github.com/msgpack/msgpack, spec.md) and
msgspec's description of types, and decodes nothing.
"""

from typing import Final

from msgspec import inspect

from daonode.primitives.errors import PrimitiveError


class UnsupportedTypeError(PrimitiveError):
    """A type cannot be decoded canonically: a mistake in the definition of ``type_name``."""

    def __init__(self, *, type_name: str, reason: str) -> None:
        super().__init__(f"{type_name}: {reason}")
        self.type_name = type_name
        self.reason = reason


_BOUNDED_LEAVES: Final = (
    inspect.NoneType,
    inspect.BoolType,
    inspect.IntType,
    inspect.StrType,
    inspect.BytesType,
    inspect.EnumType,
    inspect.LiteralType,
)


def nests_without_bound(shape: inspect.Type, *, enclosing: tuple[type, ...] = ()) -> bool:
    """Say whether values of the type can nest to any depth.

    ``enclosing`` holds the structures around this place: meeting one again is recursion. Raises
    ``UnsupportedTypeError`` for a type that has no canonical encoding, wherever in the type it stands.
    """
    match shape:
        case inspect.Metadata():
            return nests_without_bound(shape.type, enclosing=enclosing)
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
    answers = [nests_without_bound(part, enclosing=enclosing) for part in parts]
    return any(answers)


def _structure_nests_without_bound(shape: inspect.StructType, *, enclosing: tuple[type, ...]) -> bool:
    if shape.cls in enclosing:
        return True
    if not (shape.array_like and shape.forbid_unknown_fields):
        raise UnsupportedTypeError(type_name=shape.cls.__name__, reason="derive it from Record")
    inside = (*enclosing, shape.cls)
    answers = [nests_without_bound(field.type, enclosing=inside) for field in shape.fields]
    return any(answers)


def _name_of(shape: inspect.Type) -> str:
    return shape.cls.__name__ if isinstance(shape, inspect.CustomType) else type(shape).__name__.removesuffix("Type")


# Unused, extensions, floats.
_FORBIDDEN_HEADS: Final = (0xC1, 0xC7, 0xC8, 0xC9, 0xCA, 0xCB, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8)
# MessagePack heads of one byte: the bytes of a fixed payload, and the bytes of a length.
_FIXED: Final = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_ARRAYS: Final = (0xDC, 0xDD)
_MAPS: Final = (0xDE, 0xDF)
_LENGTHS: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}


def nesting_fault(data: bytes, *, max_depth: int) -> str | None:
    """Say what is wrong where more than ``max_depth`` arrays and maps stand inside one another, or return None.

    Reads token heads only. A head that begins no value of the encoding is a fault too; truncated bytes are not:
    the decoder says what is wrong with them.
    """
    position = 0
    open_items: list[int] = []  # How many items each enclosing array or map still waits for, outermost first.
    while position < len(data):
        start, head = position, data[position]
        if head in _FORBIDDEN_HEADS:
            return f"byte {start}: 0x{head:02x} begins no value of the canonical encoding"
        position, items = _read_head(data, head=head, position=position + 1)
        if items is not None and len(open_items) == max_depth:
            return f"byte {start}: nested deeper than {max_depth}"
        if open_items:
            open_items[-1] -= 1
        if items:
            open_items.append(items)
        while open_items and open_items[-1] == 0:
            open_items.pop()
    return None


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
    width = _LENGTHS[head]
    length = int.from_bytes(data[position : position + width], "big")
    position += width
    if head in _ARRAYS:
        return position, length
    if head in _MAPS:
        return position, 2 * length
    return position + length, None

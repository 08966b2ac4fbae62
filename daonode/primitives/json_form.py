"""The JSON form of typed values: what people read and write in genesis documents, RPC and command lines.

One mechanism serves all of them, driven by the type of a field and nothing else:

====================================  =====================================================
type                                  JSON
====================================  =====================================================
``Address``, ``ValidatorId``          bech32m text, ``dao1...``, ``daoval1...``
other bytes                           ``0x`` and lower-case hex
``Amount``, ``U64`` (no upper bound)  a decimal string
smaller integers (``U8``, ``Bps``)    a number
``TimeMs``, ``DurationMs``            RFC 3339 text; a number with a unit, ``7d``
``Record``                            an object by field names; of a tagged union also ``kind``
``tuple[T, ...]``, ``T | None``       an array; the value or null
``dict[str, T]``                      an object
``str``, ``bool``, ``Literal``        themselves
====================================  =====================================================

``from_json`` is strict: unknown and missing fields, wrong types and values out of range are a ``JsonFormError`` that
names the path. A type that has no form is a ``TypeError``: the programmer's mistake.
"""

import difflib
import re
import types
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import (
    Annotated,
    Final,
    Literal,
    NewType,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import NODEFAULT, Meta
from msgspec.structs import FieldInfo, fields

from daonode.primitives.addresses import decode_account, decode_validator, encode_account, encode_validator
from daonode.primitives.codec import Record
from daonode.primitives.errors import PrimitiveError
from daonode.primitives.ids import Address, ValidatorId
from daonode.primitives.times import format_duration, format_time, parse_duration, parse_time
from daonode.primitives.units import U64_MAX, DurationMs, TimeMs

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
"""What the form consists of: no floating-point number ever."""

T = TypeVar("T")
KIND: Final = "kind"
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}", re.ASCII)
_HEX = re.compile(r"0x((?:[0-9a-f]{2})*)", re.ASCII)


class JsonFormError(PrimitiveError):
    """A JSON value is not the form of its type: ``path`` is where, ``reason`` says what was wrong."""

    def __init__(self, *, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Form:
    """How one type is written, and how it is read at a path."""

    write: Callable[[object], Json]
    read: Callable[[object, str], object]


def to_json(value: object, type_: object = None) -> Json:
    """Return the JSON form of ``value`` as ``type_``, by default the value's own type (for Records)."""
    hint: Hashable = type_ or type(value)
    return _form_of(hint).write(value)


def from_json(data: object, type_: type[T], path: str = "$") -> T:
    """Read parsed JSON as a ``type_``; ``path`` is the place of ``data`` in its document, for errors.

    Raises ``JsonFormError``.
    """
    return cast(T, _form_of(cast(Hashable, type_)).read(data, path))


def suggestion(name: str, known: tuple[str, ...]) -> str:
    """A clause naming the nearest known name, or all of them where none is near."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known) or 'none'}"


@lru_cache(maxsize=1024)
def _form_of(hint: Hashable) -> _Form:
    if isinstance(hint, NewType):
        return _form_of_new_type(hint)
    origin = get_origin(hint)
    if origin is Annotated:
        base, *metadata = get_args(hint)
        meta = next((item for item in metadata if isinstance(item, Meta)), Meta())
        return _bounded_form(_form_of(base), meta) if get_origin(base) is tuple else _form_of_plain(base, meta)
    if origin in (Union, types.UnionType):
        return _union_form(get_args(hint))
    if origin is tuple:
        return _tuple_form(get_args(hint))
    if origin is dict:
        return _mapping_form(get_args(hint)[1])
    if origin is Literal:
        return _literal_form(get_args(hint))
    if isinstance(hint, type) and issubclass(hint, Record):
        return _record_form(hint, tagged=False)
    return _form_of_plain(hint, Meta())


def _form_of_new_type(hint: NewType) -> _Form:
    if hint is Address:
        return _text_form(encode_account, decode_account)
    if hint is ValidatorId:
        return _text_form(encode_validator, decode_validator)
    if hint is TimeMs:
        return _text_form(format_time, parse_time)
    if hint is DurationMs:
        return _text_form(format_duration, parse_duration)
    return _form_of(hint.__supertype__)


def _form_of_plain(hint: object, meta: Meta) -> _Form:
    if hint is bool:
        return _exact_form(bool, "true or false")
    if hint is str:
        return _string_form(meta)
    if hint is bytes:
        return _bytes_form(meta)
    if hint is int:
        return _integer_form(meta)
    if hint is type(None):
        return _exact_form(type(None), "null")
    raise TypeError(f"{hint!r} has no JSON form")


def _text_form(write: Callable[..., str], read: Callable[[str], object]) -> _Form:
    def read_text(data: object, path: str) -> object:
        text = _expect(data, str, "text", path)
        try:
            return read(text)
        except PrimitiveError as error:
            raise JsonFormError(path=path, reason=str(error)) from None

    return _Form(write, read_text)


def _exact_form(type_: type, name: str) -> _Form:
    return _Form(lambda value: cast(Json, value), lambda data, path: _expect(data, type_, name, path))


def _string_form(meta: Meta) -> _Form:
    def read(data: object, path: str) -> object:
        text = _expect_text(data, path)
        _check_length(len(text), meta, "characters", path)
        if meta.pattern is not None and re.search(meta.pattern, text) is None:
            raise JsonFormError(path=path, reason=f"expected text matching {meta.pattern}, got {text[:64]!r}")
        return text

    return _Form(lambda value: cast(str, value), read)


def _bytes_form(meta: Meta) -> _Form:
    def read(data: object, path: str) -> object:
        match = _HEX.fullmatch(_expect(data, str, "0x and hex digits", path))
        if match is None:
            reason = f"expected 0x and an even number of digits 0-9 a-f, got {str(data)[:64]!r}"
            raise JsonFormError(path=path, reason=reason)
        value = bytes.fromhex(match.group(1))
        _check_length(len(value), meta, "bytes", path)
        return value

    return _Form(lambda value: "0x" + cast(bytes, value).hex(), read)


def _integer_form(meta: Meta) -> _Form:
    low = 0 if meta.ge is None else int(meta.ge)
    high = U64_MAX if meta.le is None else int(meta.le)

    def check(number: int, path: str) -> int:
        if not low <= number <= high:
            raise JsonFormError(path=path, reason=f"expected a whole number from {low} to {high}, got {number}")
        return number

    def read_decimal(data: object, path: str) -> object:
        text = _expect(data, str, "a decimal string", path)
        if _DECIMAL.fullmatch(text) is None:
            raise JsonFormError(path=path, reason=f'expected a decimal string such as "1000", got {text[:40]!r}')
        return check(int(text), path)

    def read_number(data: object, path: str) -> object:
        return check(_expect(data, int, "a whole number", path), path)

    if meta.le is None:
        return _Form(str, read_decimal)
    return _Form(lambda value: cast(int, value), read_number)


def _literal_form(values: tuple[object, ...]) -> _Form:
    def read(data: object, path: str) -> object:
        if not isinstance(data, str) or data not in values:
            known = tuple(str(value) for value in values)
            raise JsonFormError(path=path, reason=f"{_shown(data)} is not one of them; {suggestion(str(data), known)}")
        return data

    return _Form(lambda value: cast(str, value), read)


def _tuple_form(arguments: tuple[object, ...]) -> _Form:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return _sequence_form(_form_of(arguments[0]))
    forms = tuple(_form_of(argument) for argument in arguments)

    def read(data: object, path: str) -> object:
        items = _expect(data, list, f"an array of {len(forms)}", path)
        if len(items) != len(forms):
            raise JsonFormError(path=path, reason=f"expected {len(forms)} items, got {len(items)}")
        return tuple(form.read(item, f"{path}[{i}]") for i, (form, item) in enumerate(zip(forms, items, strict=True)))

    def write(value: object) -> Json:
        return [form.write(item) for form, item in zip(forms, cast(tuple[object, ...], value), strict=True)]

    return _Form(write, read)


def _sequence_form(item: _Form) -> _Form:
    def read(data: object, path: str) -> object:
        return tuple(item.read(each, f"{path}[{i}]") for i, each in enumerate(_expect(data, list, "an array", path)))

    return _Form(lambda value: [item.write(each) for each in cast(tuple[object, ...], value)], read)


def _bounded_form(form: _Form, meta: Meta) -> _Form:
    def read(data: object, path: str) -> object:
        items = form.read(data, path)
        _check_length(len(cast(tuple[object, ...], items)), meta, "items", path)
        return items

    return _Form(form.write, read)


def _mapping_form(value_hint: object) -> _Form:
    item = _form_of(value_hint)

    def read(data: object, path: str) -> object:
        given = _expect(data, dict, "an object", path)
        return {_expect_text(key, path): item.read(each, f"{path}.{key}") for key, each in given.items()}

    return _Form(lambda value: {key: item.write(each) for key, each in cast(dict[str, object], value).items()}, read)


def _union_form(arguments: tuple[object, ...]) -> _Form:
    present = tuple(argument for argument in arguments if argument is not type(None))
    inner = _form_of(present[0]) if len(present) == 1 else _tagged_form(present)
    if len(present) == len(arguments):
        return inner
    return _Form(
        lambda value: None if value is None else inner.write(value),
        lambda data, path: None if data is None else inner.read(data, path),
    )


def _tagged_form(members: tuple[object, ...]) -> _Form:
    by_tag: dict[str, _Form] = {}
    by_type: dict[type, _Form] = {}
    for member in members:
        if not (isinstance(member, type) and issubclass(member, Record)):
            raise TypeError(f"a union of {members!r} has no JSON form: only Records with tags do")
        form = _record_form(member, tagged=True)
        by_tag[str(member.__struct_config__.tag)] = by_type[member] = form

    def read(data: object, path: str) -> object:
        kind = _expect(data, dict, f"an object with {KIND!r}", path).get(KIND)
        if not isinstance(kind, str) or kind not in by_tag:
            reason = f"{_shown(kind)} is no such kind; {suggestion(str(kind), tuple(by_tag))}"
            raise JsonFormError(path=f"{path}.{KIND}", reason=reason)
        return by_tag[kind].read(data, path)

    return _Form(lambda value: by_type[type(value)].write(value), read)


def _record_form(record: type[Record], *, tagged: bool) -> _Form:
    hints = get_type_hints(record, include_extras=True)
    infos: tuple[FieldInfo, ...] = fields(record)
    forms: dict[str, _Form] = {}
    known = tuple(info.name for info in infos)

    def form(name: str) -> _Form:
        # Looked up at first use, so that a type may contain itself.
        if name not in forms:
            forms[name] = _form_of(hints[name])
        return forms[name]

    def write(value: object) -> Json:
        shown: dict[str, Json] = {KIND: str(record.__struct_config__.tag)} if tagged else {}
        for name in known:
            shown[name] = form(name).write(getattr(value, name))
        return shown

    def read(data: object, path: str) -> object:
        given = _expect(data, dict, "an object", path)
        for name in given:
            if name not in known and not (tagged and name == KIND):
                raise JsonFormError(path=f"{path}.{name}", reason=f"unknown field; {suggestion(name, known)}")
        values: dict[str, object] = {}
        for info in infos:
            if info.name in given:
                values[info.name] = form(info.name).read(given[info.name], f"{path}.{info.name}")
            elif info.default is NODEFAULT and info.default_factory is NODEFAULT:
                raise JsonFormError(path=f"{path}.{info.name}", reason="this field is missing")
        return record(**values)

    return _Form(write, read)


def _check_length(length: int, meta: Meta, unit: str, path: str) -> None:
    low = meta.min_length or 0
    if length < low or (meta.max_length is not None and length > meta.max_length):
        if meta.max_length is None:
            wanted = f"at least {low}"
        else:
            wanted = f"{low}" if low == meta.max_length else f"{low} to {meta.max_length}"
        raise JsonFormError(path=path, reason=f"expected {wanted} {unit}, got {length}")


def _expect(data: object, type_: type[T], name: str, path: str) -> T:
    if not isinstance(data, type_) or (type_ is int and isinstance(data, bool)):
        raise JsonFormError(path=path, reason=f"expected {name}, got {_shown(data)}")
    return data


def _expect_text(data: object, path: str) -> str:
    """Text that has an encoding: half of a surrogate pair, which JSON can escape, stands in no UTF-8."""
    text = _expect(data, str, "text", path)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise JsonFormError(
            path=path, reason=f"expected whole characters, got half of a surrogate pair: {_shown(text)}"
        )
    return text


def _shown(data: object) -> str:
    if isinstance(data, dict):
        return "an object"
    if isinstance(data, list):
        return "an array"
    if data is None:
        return "null"
    return f"{data!r}"[:64]

"""JSON Schema (2020-12) of typed values: for every row of the table in ``json_form`` the schema of what it writes.

The same types drive both, so that a description cannot differ from what is sent. Beyond those types it knows what
answers consist of that are made for JSON alone: plain ``msgspec`` structures, lists, ``object`` (anything), fields that
may be absent. A structure becomes a named definition with its docstring, referred to wherever it stands.
"""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, NewType, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Meta, UnsetType
from msgspec.structs import fields

from daonode.primitives.codec import Record
from daonode.primitives.ids import Address, ValidatorId
from daonode.primitives.json_form import KIND, Json
from daonode.primitives.units import DurationMs, TimeMs

Schema = dict[str, Json]

DEFINITIONS: Final = "#/components/schemas/"
"""Where the definitions stand in an OpenRPC document."""

_TEXTS: Final[Mapping[object, Schema]] = {
    Address: {"type": "string", "pattern": "^dao1[02-9ac-hj-np-z]+$", "description": "An account's address, bech32m."},
    ValidatorId: {"type": "string", "pattern": "^daoval1[02-9ac-hj-np-z]+$", "description": "A validator, bech32m."},
    TimeMs: {"type": "string", "format": "date-time", "description": "A time in UTC, RFC 3339."},
    DurationMs: {
        "type": "string",
        "pattern": "^(0|[1-9][0-9]*)(ms|s|m|h|d)$",
        "description": "A length of time such as 7d.",
    },
}
_DECIMAL: Final[Schema] = {"type": "string", "pattern": "^(0|[1-9][0-9]{0,19})$"}


@dataclass(frozen=True, slots=True)
class FormOf:
    """In ``Annotated[..., FormOf(type)]``: the value is the JSON form of that type already."""

    type: object


class SchemaMaker:
    """Makes schemas that share their definitions."""

    def __init__(self) -> None:
        self.definitions: dict[str, Json] = {}
        self._names: dict[object, str] = {}

    def schema_of(self, hint: object) -> Schema:
        """The schema of a type's JSON form; raises ``TypeError`` where a type has none."""
        if hint in _TEXTS:
            return dict(_TEXTS[hint])
        if isinstance(hint, NewType):
            return self.schema_of(hint.__supertype__)
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self._annotated(arguments[0], arguments[1:])
        if origin in (Union, types.UnionType):
            return self._union(arguments)
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.schema_of(arguments[1])}
        if origin in (tuple, list):
            return self._array(arguments)
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self._reference(hint, tagged=False)
        return _plain(hint, Meta())

    def members_of(self, record: type[msgspec.Struct]) -> tuple[tuple[str, Schema, bool], ...]:
        """The fields of a structure: name, schema, and whether it must be given."""
        hints = get_type_hints(record, include_extras=True)
        return tuple(
            (info.name, self.schema_of(hints[info.name]), _is_required(info.default, info.default_factory))
            for info in fields(record)
        )

    def _annotated(self, base: object, metadata: tuple[object, ...]) -> Schema:
        form = next((item for item in metadata if isinstance(item, FormOf)), None)
        if form is not None:
            return self.schema_of(form.type)
        meta = next((item for item in metadata if isinstance(item, Meta)), Meta())
        if get_origin(base) is not tuple:
            return _plain(base, meta)
        return {**self.schema_of(base), **_bounds(meta.min_length, meta.max_length, unit="Items")}

    def _array(self, arguments: tuple[object, ...]) -> Schema:
        if len(arguments) == 1 or arguments[1] is Ellipsis:
            return {"type": "array", "items": self.schema_of(arguments[0])}
        items: list[Json] = [self.schema_of(argument) for argument in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}

    def _union(self, arguments: tuple[object, ...]) -> Schema:
        present = [each for each in arguments if each not in (type(None), UnsetType)]
        if len(present) == 1:
            options: list[Json] = [self.schema_of(present[0])]
        else:
            options = [self._reference(each, tagged=_is_record(each)) for each in present]
        if type(None) in arguments:
            options.append({"type": "null"})
        return self.schema_of(present[0]) if len(options) == 1 else {"anyOf": options}

    def _reference(self, structure: object, *, tagged: bool) -> Schema:
        assert isinstance(structure, type), "a union of forms is one of structures"
        assert issubclass(structure, msgspec.Struct), "a union of forms is one of structures"
        key = (structure, tagged)
        if key not in self._names:
            self._names[key] = name = self._free_name(structure.__name__)
            # Named before it is described, so that a type may contain itself.
            self.definitions[name] = None
            self.definitions[name] = self._describe(structure, tagged=tagged)
        return {"$ref": DEFINITIONS + self._names[key]}

    def _describe(self, structure: type[msgspec.Struct], *, tagged: bool) -> Schema:
        members = self.members_of(structure)
        properties: dict[str, Json] = {name: schema for name, schema, _ in members}
        # What is written of a record is all of it, whatever may be left out where it is read.
        is_whole = issubclass(structure, Record)
        required: list[Json] = [name for name, _, is_required in members if is_required or is_whole]
        if tagged:
            properties = {KIND: {"const": str(structure.__struct_config__.tag)}, **properties}
            required = [KIND, *required]
        return {
            "type": "object",
            "description": " ".join((structure.__doc__ or "").split()),
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    def _free_name(self, name: str) -> str:
        number = 1
        free = name
        while free in self.definitions:
            number += 1
            free = f"{name}{number}"
        return free


def _plain(hint: object, meta: Meta) -> Schema:
    if hint is object:
        return {}
    if hint is bool:
        return {"type": "boolean"}
    if hint is type(None):
        return {"type": "null"}
    if hint is str:
        # The end of a text has another name in the patterns of JSON Schema (ECMA-262).
        pattern: Schema = {} if meta.pattern is None else {"pattern": meta.pattern.replace(r"\Z", "$")}
        return {"type": "string", **pattern, **_bounds(meta.min_length, meta.max_length, unit="Length")}
    if hint is bytes:
        return {"type": "string", **_hex(meta.min_length or 0, meta.max_length)}
    if hint is int:
        if meta.le is None:
            return dict(_DECIMAL)
        return {"type": "integer", "minimum": int(meta.ge or 0), "maximum": int(meta.le)}
    raise TypeError(f"{hint!r} has no JSON form")


def _hex(low: int, high: int | None) -> Schema:
    if low == high:
        return {"pattern": f"^0x[0-9a-f]{{{2 * low}}}$"}
    # In lengths and not in the pattern: engines bound how often a pattern repeats.
    most = None if high is None else 2 + 2 * high
    return {"pattern": "^0x([0-9a-f]{2})*$", **_bounds(2 + 2 * low if low else None, most, unit="Length")}


def _bounds(low: int | None, high: int | None, *, unit: str) -> Schema:
    bounds: Schema = {} if low is None else {f"min{unit}": low}
    return bounds if high is None else {**bounds, f"max{unit}": high}


def _is_record(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, Record)


def _is_required(default: object, default_factory: object) -> bool:
    return default is NODEFAULT and default_factory is NODEFAULT

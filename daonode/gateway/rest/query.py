"""From the path and the query of a request to typed parameters, strictly: what is unknown or doubled is refused."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec.structs import fields

from daonode.gateway.problems import invalid
from daonode.gateway.rest.endpoint import Parameters
from daonode.primitives.json_form import Json, JsonFormError, from_json, suggestion

P = TypeVar("P", bound=Parameters)
MAX_SHOWN: Final = 64


@cache
def field_names(type_: type[Parameters]) -> Mapping[str, str]:
    """The fields of parameters by their public names: `from` is a word of Python, so its field is `from_`."""
    return {each.name.removesuffix("_"): each.name for each in fields(type_)}


def read_parameters(path: Mapping[str, str], query: Iterable[tuple[str, str]], type_: type[P]) -> P:
    """Read the parameters of a request.

    Raises:
        Problem: one is missing, unknown, there twice, of the wrong form or out of range; the text says which.
    """
    names = field_names(type_)
    texts = dict(path)
    for name, text in query:
        shown = name[:MAX_SHOWN]
        if name not in names or name in path:
            known = tuple(each for each in names if each not in path)
            raise invalid(f"unknown parameter {shown!r}", hint=suggestion(shown, known), reason="unknown_parameter")
        if name in texts:
            raise invalid(f"{shown}: it is there twice", hint="give each parameter once")
        texts[name] = text
    kinds = _kinds(type_)
    data = {names[name]: _json(text, kinds[names[name]]) for name, text in texts.items()}
    try:
        return from_json(data, type_, "query")
    except JsonFormError as error:
        name = error.path.removeprefix("query.").removesuffix("_")
        raise invalid(f"{name}: {error.reason}", hint="the parameters are described in /api/openapi.json") from None


@cache
def _kinds(type_: type[Parameters]) -> Mapping[str, object]:
    return {name: _plain(hint) for name, hint in get_type_hints(type_, include_extras=True).items()}


def _plain(hint: object) -> object:
    """What a text stands for: `int`, `bool`, or anything else, which is text."""
    if get_origin(hint) in (Union, types.UnionType):
        return _plain(next(each for each in get_args(hint) if each is not types.NoneType))
    if get_origin(hint) is Annotated:
        return get_args(hint)[0]
    return str if get_origin(hint) is Literal else hint


def _json(text: str, kind: object) -> Json:
    """The JSON value that a text is as a value of a kind; the text itself where it is none."""
    if kind is int and text.isascii() and text.isdecimal() and len(text) <= 20:
        return int(text)
    if kind is bool:
        return {"true": True, "false": False}.get(text, text)
    return text

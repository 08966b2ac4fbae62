"""`rpc.discover`: the OpenRPC document of this server, made from the table of its methods."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from daonode import __version__
from daonode.node.rpc.chain_methods import NoParameters
from daonode.node.rpc.errors import (
    InternalFailure,
    InvalidInput,
    InvalidParameters,
    InvalidRequest,
    MethodNotFound,
    NotFound,
    ParseFailed,
    RpcError,
    TooMuch,
    TransactionRejected,
    Unavailable,
    Unsupported,
)
from daonode.node.rpc.forms import JsonObject
from daonode.node.rpc.method import Method, RpcNode, method
from daonode.node.rpc.results import NotificationForm
from daonode.primitives.json_form import Json
from daonode.primitives.json_schema import Schema, SchemaMaker

OPENRPC_VERSION: Final = "1.3.2"
NAME: Final = "rpc.discover"
NOTIFICATION: Final = "dao_subscription"
_ERRORS: Final[tuple[type[RpcError], ...]] = (
    ParseFailed,
    InvalidRequest,
    MethodNotFound,
    InvalidParameters,
    InternalFailure,
    InvalidInput,
    NotFound,
    Unavailable,
    TransactionRejected,
    Unsupported,
    TooMuch,
)


def discovery_method(others: Sequence[Method]) -> Method:
    """The method that describes the others and itself."""

    async def discover(_: RpcNode, __: NoParameters) -> JsonObject:
        """This document: every method with its parameters and its result (OpenRPC)."""
        return document()

    @cache
    def document() -> JsonObject:
        return describe((*others, this))

    this = method(NAME, NoParameters, JsonObject, discover)
    return this


def describe(methods: Sequence[Method]) -> JsonObject:
    """The OpenRPC document of these methods."""
    maker = SchemaMaker()
    described = [_describe(each, maker) for each in methods]
    notification: Schema = {
        "name": NOTIFICATION,
        "summary": "What a subscription tells, over the connection that made it.",
        "params": maker.schema_of(NotificationForm),
    }
    errors: list[Json] = [{"code": each.code, "message": _text(each)} for each in _ERRORS]
    return {
        "openrpc": OPENRPC_VERSION,
        "info": {
            "title": "daonode JSON-RPC",
            "version": __version__,
            "description": "Bytes are 0x and hex, u64 and amounts decimal strings, addresses bech32m, times RFC 3339.",
        },
        "methods": described,
        "components": {"schemas": dict(sorted(maker.definitions.items()))},
        "x-notifications": [notification],
        "x-errors": errors,
    }


def _describe(each: Method, maker: SchemaMaker) -> Schema:
    # Those that must be given stand first, as OpenRPC wants it.
    members = sorted(maker.members_of(each.parameters), key=lambda member: not member[2])
    parameters: list[Json] = [
        {"name": name, "required": is_required, "schema": schema} for name, schema, is_required in members
    ]
    return {
        "name": each.name,
        "summary": each.summary,
        "description": _text(each.parameters),
        "paramStructure": "by-name",
        "params": parameters,
        "result": {"name": "result", "schema": maker.schema_of(each.result)},
    }


def _text(described: type) -> str:
    return " ".join((described.__doc__ or "").split())

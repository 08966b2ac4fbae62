"""The schema as it is executed: the text of `schema.graphql` with what resolves its fields.

A field is resolved by the function that `resolvers/` has for it, or is an attribute of the value that its type stands
for, by the same name, with `_ms` where it is a time. A field that is neither, and a function that belongs to no field,
fail when the process starts.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from operator import attrgetter
from typing import Final, get_type_hints

from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema, build_schema, is_object_type

from daonode.gateway.graphql import topics
from daonode.gateway.graphql.reading import Reading
from daonode.gateway.graphql.resolvers import chain, forms, governance, people, treasury
from daonode.gateway.graphql.scalars import attach_scalars
from daonode.gateway.paging import Page
from daonode.stores import rows
from daonode.stores.access import Head

Resolver = Callable[..., object]
RESOLVERS: Final[Mapping[str, Resolver]] = {
    **chain.FIELDS,
    **governance.FIELDS,
    **people.FIELDS,
    **treasury.FIELDS,
    **topics.FIELDS,
}
VALUES: Final[Mapping[str, type]] = {
    "Status": Head,
    "Proposal": rows.ProposalRow,
    "Tally": forms.Tally,
    "Curve": forms.Curve,
    "Call": forms.Call,
    "Vote": rows.VoteRow,
    "Move": rows.MoveRow,
    "Member": rows.MemberRow,
    "Account": forms.Account,
    "Delegation": rows.DelegationRow,
    "Balance": rows.BalanceRow,
    "Asset": rows.AssetRow,
    "Treasury": forms.Treasury,
    "Limit": rows.LimitRow,
    "Spend": rows.SpendRow,
    "Track": rows.TrackRow,
    "Validator": rows.ValidatorRow,
    "Block": rows.BlockRow,
    "Transaction": rows.TransactionRow,
    "Event": rows.EventRow,
    "Metric": rows.PointRow,
    "BlockAdded": topics.BlockAdded,
    "ProposalChanged": topics.ProposalChanged,
    "VoteCast": topics.VoteCast,
}
"""The Python value of each object type; a type whose name ends in `Page` is a `Page`, the root types have none."""
ROOTS: Final = ("Query", "Subscription")
_GIVEN_NAMES: Final = frozenset({"id", "type", "from"})
"""Arguments whose names Python has for itself; to a resolver they come with an underscore."""


def schema_text() -> str:
    """The schema in its own language."""
    return files(__package__).joinpath("schema.graphql").read_text(encoding="utf-8")


@cache
def make_schema() -> GraphQLSchema:
    """The schema with everything that executing it needs."""
    schema = build_schema(schema_text())
    attach_scalars(schema)
    unused = set(RESOLVERS)
    for type_ in schema.type_map.values():
        if is_object_type(type_) and not type_.name.startswith("__"):
            for name, field in type_.fields.items():
                _attach(type_, name, field)
                unused.discard(f"{type_.name}.{name}")
    assert not unused, f"resolvers of no field: {sorted(unused)}"
    return schema


def _attach(type_: GraphQLObjectType, name: str, field: GraphQLField) -> None:
    path = f"{type_.name}.{name}"
    topic = topics.TOPICS[name] if type_.name == "Subscription" else None
    for given, argument in field.args.items():
        argument.out_name = f"{given}_" if given in _GIVEN_NAMES else given
    resolver = RESOLVERS.get(path) or topic
    if resolver is None:
        field.resolve = _reader_of(type_.name, name)
        return
    if topic is not None:
        # The source of a topic is `Live`, that of its values the value itself.
        field.subscribe, field.resolve = _call(topic), lambda happening, _, **__: happening
    else:
        field.resolve = _call(resolver)
    taken = list(inspect.signature(resolver).parameters)[2:]
    wanted = [argument.out_name for argument in field.args.values()]
    assert sorted(taken) == sorted(map(str, wanted)), f"{path} takes {taken}, the schema gives it {wanted}"


def _call(resolver: Resolver) -> Resolver:
    def resolve(source: object, info: GraphQLResolveInfo[Reading], **arguments: object) -> object:
        return resolver(source, info.context, **arguments)

    return resolve


def _reader_of(type_name: str, name: str) -> Resolver:
    assert type_name not in ROOTS, f"{type_name}.{name} has no resolver"
    attribute = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    known = get_type_hints(Page if type_name.endswith("Page") else VALUES[type_name])
    found = next((each for each in (attribute, f"{attribute}_ms") if each in known), None)
    assert found is not None, f"{type_name}.{name} is neither resolved nor an attribute"
    read = attrgetter(found)

    def resolve(source: object, _: GraphQLResolveInfo[Reading]) -> object:
        return read(source)

    def resolve_text(source: object, info: GraphQLResolveInfo[Reading]) -> object:
        return info.context.text(read(source))

    return resolve_text if known[found] is str else resolve

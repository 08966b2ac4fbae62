"""`daonode query MODULE NAME [ARGUMENTS]`: any query of any module, from the modules' own schemas.

Arguments are given in the order of the query's fields, or by name with `--name value`. A value is in the field's JSON
form; where an account is meant, the name of a key in the home does too.
"""

from __future__ import annotations

from typing import get_type_hints

import rich_click as click
from msgspec import NODEFAULT
from msgspec.structs import FieldInfo, fields

from daonode.cli.session import Session, common
from daonode.cli.values import json_value
from daonode.ledger.errors import QueryError
from daonode.ledger.module import Query
from daonode.primitives.json_form import Json, suggestion


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("module", required=False)
@click.argument("name", required=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@common
def command(session: Session, module: str | None, name: str | None, arguments: tuple[str, ...]) -> None:
    """Ask any module anything; without a name, show what can be asked.

    For example: daonode query accounts balance alice
    """
    if module is None or name is None:
        session.show(_catalogue(session, module), columns=("module", "query", "arguments"))
        return
    try:
        query = session.genesis.registry.query(module=module, name=name)
    except QueryError as error:
        raise click.UsageError(f"{error}; {error.hint}") from error
    given = _arguments(session, query, arguments)
    answer = session.rpc.query(module, name, given)
    session.show(answer)


def _catalogue(session: Session, module: str | None) -> Json:
    """Every query with its arguments, those that may be left out in brackets."""
    rows: list[Json] = []
    for each in session.genesis.registry.modules:
        if module in (None, each.name):
            for name, query in each.queries.items():
                shown = " ".join(_usage(field) for field in fields(query.arguments))
                rows.append({"module": each.name, "query": name, "arguments": shown})
    if not rows:
        known = tuple(each.name for each in session.genesis.registry.modules)
        raise click.UsageError(f"no module {module!r}; {suggestion(str(module), known)}")
    return rows


def _usage(field: FieldInfo) -> str:
    optional = field.default is not NODEFAULT or field.default_factory is not NODEFAULT
    return f"[{field.name}]" if optional else field.name


def _arguments(session: Session, query: Query, given: tuple[str, ...]) -> dict[str, Json]:
    """Match positional and named arguments with the query's fields."""
    names = [field.name for field in fields(query.arguments)]
    hints = get_type_hints(query.arguments, include_extras=True)
    values: dict[str, Json] = {}
    rest = list(given)
    positional: list[str] = []
    while rest:
        text = rest.pop(0)
        if not text.startswith("--"):
            positional.append(text)
            continue
        name, has_value, value = text.removeprefix("--").replace("-", "_").partition("=")
        if name not in names:
            raise click.UsageError(f"no such option --{name}; {suggestion(name, tuple(names))}")
        if not has_value and not rest:
            raise click.UsageError(f"--{name} needs a value")
        values[name] = json_value(session, name, hints[name], value if has_value else rest.pop(0))
    free = [name for name in names if name not in values]
    if len(positional) > len(free):
        raise click.UsageError(f"too many arguments; this query takes: {' '.join(names) or 'none'}")
    for name, text in zip(free, positional, strict=False):
        values[name] = json_value(session, name, hints[name], text)
    return values

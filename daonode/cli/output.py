"""How results are shown: a table for people, JSON or YAML for programs, always on standard output."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

import click

from daonode.primitives.json_form import Json

OutputFormat = Literal["table", "json", "yaml"]
JsonObject = dict[str, Json]


def show(data: Json, output: OutputFormat, *, columns: Sequence[str] = ()) -> None:
    """Write a result. As a table, an object is written field by field and a list of objects row by row.

    `columns` are the fields of a row that a table shows, by default all; JSON and YAML always show everything.
    """
    if output == "json":
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    elif output == "yaml":
        import yaml

        click.echo(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), nl=False)
    else:
        _show_table(data, columns)


def _show_table(data: Json, columns: Sequence[str]) -> None:
    if isinstance(data, dict) and isinstance(data.get("items"), list):
        _show_rows(data["items"], columns)
        if data.get("next_cursor"):
            click.echo(f"more: --cursor {data['next_cursor']}", err=True)
    elif isinstance(data, list):
        _show_rows(data, columns)
    elif isinstance(data, dict):
        _show_fields(data)
    else:
        click.echo(_text(data))


def _show_fields(data: JsonObject, indent: str = "") -> None:
    width = max((len(key) for key in data), default=0)
    for key, value in data.items():
        if isinstance(value, dict) and value:
            click.echo(f"{indent}{key}:")
            _show_fields(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            click.echo(f"{indent}{key}:")
            for item in value:
                assert isinstance(item, dict), "lists of results are of one kind"
                click.echo(f"{indent}  - {'  '.join(f'{name} {_text(each)}' for name, each in item.items())}")
        else:
            lines = _text(value).splitlines() or [""]
            click.echo(f"{indent}{key.ljust(width)}  {lines[0]}")
            for line in lines[1:]:
                click.echo(f"{indent}{' ' * width}  {line}")


def _show_rows(rows: Json, columns: Sequence[str]) -> None:
    assert isinstance(rows, list), "rows are a list"
    objects = [row for row in rows if isinstance(row, dict)]
    if not objects:
        click.echo("none", err=True)
        return
    names = list(columns) or list(objects[0])
    cells = [[_short(_text(row.get(name))) for name in names] for row in objects]
    widths = [max(len(name), *(len(line[place]) for line in cells)) for place, name in enumerate(names)]
    click.echo("  ".join(name.upper().ljust(width) for name, width in zip(names, widths, strict=True)).rstrip())
    for line in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _text(value: Json) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(_text(each) for each in value)
        case dict():
            return " ".join(f"{key}={_text(each)}" for key, each in value.items())
        case _:
            return str(value)


def _short(text: str, limit: int = 80) -> str:
    """One line of a cell: long hexadecimal ids and texts are cut in the middle or at the end."""
    first, *rest = text.splitlines() or [""]
    if first.startswith("0x") and len(first) > 20:
        return f"{first[:10]}...{first[-6:]}"
    return first if len(first) <= limit and not rest else f"{first[: limit - 3]}..."

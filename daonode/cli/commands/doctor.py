"""`daonode doctor`: whether this machine and this home have all that a node needs."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap

import rich_click as click

from daonode.cli.checkup import Checkup
from daonode.cli.failures import CommandFailed, ExitCode
from daonode.cli.output import JsonObject
from daonode.cli.session import Session, common
from daonode.primitives.json_form import Json

CHECK_WIDTH = 14


@click.command()
@common
def command(session: Session) -> None:
    """Check Python, libraries, disk, configuration, keys, genesis, ports, clock and store.

    Exits with 2 where there is something to do.
    """
    rows: list[Json] = []
    faults = 0
    for finding in Checkup(home=session.home, url=session.url).findings():
        faults += not finding.is_fine
        row: JsonObject = {"check": finding.check, "ok": finding.is_fine, "said": finding.said}
        rows.append(row)
    session.show(rows, text=lambda: "\n".join(_line(row) for row in rows if isinstance(row, dict)))
    if faults:
        raise CommandFailed(f"{faults} of {len(rows)} checks found something to do", code=ExitCode.USAGE)


def _line(row: JsonObject) -> str:
    """One finding; on a terminal what does not fit goes on below what it belongs to."""
    line = f"{'ok  ' if row['ok'] else 'DO  '} {row['check']!s:<{CHECK_WIDTH}} {row['said']}"
    if not sys.stdout.isatty():
        return line
    columns = max(40, shutil.get_terminal_size().columns)
    indent = " " * (CHECK_WIDTH + 6)
    told = "\n".join(textwrap.wrap(line, columns, subsequent_indent=indent, break_on_hyphens=False))
    if os.environ.get("NO_COLOR"):
        return told
    return click.style(told[:4], fg="green" if row["ok"] else "yellow") + told[4:]

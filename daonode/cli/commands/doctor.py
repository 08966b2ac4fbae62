"""`daonode doctor`: whether this machine and this home have all that a node needs."""

from __future__ import annotations

import rich_click as click

from daonode.cli.checkup import Checkup
from daonode.cli.failures import CommandFailed, ExitCode
from daonode.cli.output import JsonObject
from daonode.cli.session import Session, common
from daonode.primitives.json_form import Json


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
    return f"{'ok  ' if row['ok'] else 'DO  '} {row['check']!s:<14} {row['said']}"

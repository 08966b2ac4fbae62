"""`daonode version`: versions of the product and of what its correctness rests on."""

from __future__ import annotations

import platform
from importlib.metadata import version

import rich_click as click

from daonode.cli.session import Session, common

LIBRARIES = ("trio", "libp2p", "plyvel", "pynacl", "msgspec")


@click.command()
@common
def command(session: Session) -> None:
    """Show the version of daonode, of Python, and of the libraries that matter most."""
    session.show(
        {
            "daonode": version("daonode"),
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        }
    )

"""`daonode keys agent`: unlock keys once, and let commands sign with them for a while.

The password is asked for before the agent goes into the background, so that a mistake is said where it was made.
"""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import Final, NoReturn

import rich_click as click

from daonode.cli.completion import complete_keys
from daonode.cli.lazy import SuggestingGroup
from daonode.cli.output import JsonObject
from daonode.cli.session import Session, common
from daonode.client.agent import agent_path, ask_status, stop
from daonode.client.agent_messages import MAX_AGENT_KEYS, AgentStatus
from daonode.client.agent_server import Agent, keep_memory_private, serve
from daonode.client.agent_socket import listen
from daonode.client.errors import AgentFault, WrongPassword
from daonode.client.wallet import Wallet
from daonode.primitives.times import MS_PER_DAY, MS_PER_SECOND, TimeFormatError, format_duration, parse_duration

DEFAULT_LIFETIME: Final = "15m"
MAX_LIFETIME_MS: Final = MS_PER_DAY


@click.group("agent", cls=SuggestingGroup)
def command() -> None:
    """Hold unlocked keys for a while, so that commands sign without a password."""


@command.command()
@click.argument("names", nargs=-1, shell_complete=complete_keys)
@click.option(
    "--ttl", default=DEFAULT_LIFETIME, show_default=True, help="For how long, such as 15m or 2h; 24h at most."
)
@click.option("--foreground", is_flag=True, help="Stay in the foreground, as a service manager wants it.")
@common
def start(session: Session, names: tuple[str, ...], ttl: str, foreground: bool) -> None:
    """Unlock keys, by default all that one password opens, and hold them.

    The agent signs transactions and texts for this user's processes. It never gives a key away; `keys export` always
    asks for the password.
    """
    lifetime_ms = _lifetime_ms(ttl)
    path = agent_path(session.home_path)
    if ask_status(path) is not None:
        raise AgentFault(f"an agent listens at {path} already", hint="end it with: daonode keys agent stop")
    wallets = _unlock(session, names)
    # Before it forks, so that no moment of the agent's is without it.
    keep_memory_private()
    listener = listen(path)
    if not foreground:
        process_id = os.fork()
        if process_id == 0:
            _detach()
            _hold(wallets, listener, path=path, lifetime_ms=lifetime_ms)
        listener.close()
        session.show({**_said(path, list(wallets), lifetime_ms), "pid": process_id})
        return
    session.show({**_said(path, list(wallets), lifetime_ms), "pid": os.getpid()})
    _hold(wallets, listener, path=path, lifetime_ms=lifetime_ms)


@command.command()
@common
def status(session: Session) -> None:
    """Show which keys the agent holds, and for how long."""
    path = agent_path(session.home_path)
    found = ask_status(path)
    if found is None:
        session.show({"running": False, "socket": str(path)})
        return
    session.show(_shown(path, found))


@command.command("stop")
@common
def stop_(session: Session) -> None:
    """Have the agent forget its keys and end."""
    path = agent_path(session.home_path)
    session.show({"stopped": stop(path), "socket": str(path)})


def _lifetime_ms(text: str) -> int:
    try:
        lifetime_ms = parse_duration(text)
    except TimeFormatError as error:
        raise click.UsageError(f"--ttl: {error}") from error
    if not MS_PER_SECOND <= lifetime_ms <= MAX_LIFETIME_MS:
        raise click.UsageError(f"--ttl: expected 1s to {format_duration(MAX_LIFETIME_MS)}, got {text}")
    return lifetime_ms


def _unlock(session: Session, names: tuple[str, ...]) -> dict[str, Wallet]:
    """The wallets of the names, or of all encrypted keys that one password opens."""
    if names:
        chosen = [session.keystore.entry(name) for name in dict.fromkeys(names)]
    else:
        chosen = [entry for entry in session.keystore.list().entries if entry.is_encrypted]
    plain = [entry.name for entry in chosen if not entry.is_encrypted]
    if plain:
        raise AgentFault(f"not encrypted: {', '.join(plain)}", hint="commands use it without a password anyway")
    if not 1 <= len(chosen) <= MAX_AGENT_KEYS:
        raise AgentFault(
            f"an agent holds 1 to {MAX_AGENT_KEYS} encrypted keys, found {len(chosen)}", hint="see: daonode keys list"
        )
    password = session.password(", ".join(entry.name for entry in chosen))
    wallets: dict[str, Wallet] = {}
    refused: list[str] = []
    for entry in chosen:
        try:
            wallets[entry.name] = session.keystore.unlock(entry.name, password)
        except WrongPassword:
            if names:
                raise
            refused.append(entry.name)
    if not wallets:
        raise WrongPassword(f"the password opens none of: {', '.join(refused)}")
    if refused:
        session.say(f"not held, their passwords differ: {', '.join(refused)}")
    return wallets


def _detach() -> None:
    """Leave the terminal: no signal of it, and no output to it."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def _hold(wallets: dict[str, Wallet], listener: socket.socket, *, path: Path, lifetime_ms: int) -> NoReturn:
    """Serve until the time is over, and end this process without what a command does at its end."""
    holding = Agent(wallets, lifetime_ms=lifetime_ms)
    wallets.clear()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        serve(listener, holding, path=path, user=os.geteuid())
    finally:
        os._exit(0)


def _said(path: Path, names: list[str], lifetime_ms: int) -> JsonObject:
    return {"running": True, "socket": str(path), "keys": list(names), "locks_in": format_duration(lifetime_ms)}


def _shown(path: Path, found: AgentStatus) -> JsonObject:
    whole_seconds_ms = found.remaining_ms // MS_PER_SECOND * MS_PER_SECOND
    names = [held.name for held in found.keys]
    return {**_said(path, names, whole_seconds_ms), "pid": found.process_id}

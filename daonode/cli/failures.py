"""Exit codes, and what is said on standard error when a command fails.

| Code | Meaning |
| --- | --- |
| 0 | committed and succeeded, or nothing was to be committed |
| 1 | internal error |
| 2 | usage: an option, an argument or a file is not what it must be |
| 3 | a key or its password |
| 4 | a transaction was rejected before inclusion |
| 5 | a transaction was executed and failed |
| 6 | no node could be reached, or none whose answers are those of this chain |
| 7 | timed out: the outcome is unknown |
| 8 | what was asked for does not exist |
"""

from __future__ import annotations

import difflib
import os
import sys
import traceback
from enum import IntEnum

import click

from daonode.cli.client_settings import ClientSettingsError
from daonode.cli.network.errors import TestnetError
from daonode.client.errors import (
    BadAnswer,
    ClientError,
    FileFormatError,
    InvalidTransaction,
    KeyFault,
    NotFound,
    OutcomeUnknown,
    ProofError,
    Rejected,
    RpcError,
    Unavailable,
    Unreachable,
)
from daonode.client.submission import ExecutionFailed
from daonode.genesis.errors import GenesisError
from daonode.indexer.errors import IndexerError, NoNodeLeft
from daonode.ledger.errors import LedgerError, TransactionError
from daonode.node.errors import Halted
from daonode.node.home import HomeError
from daonode.node.storage.errors import StorageError
from daonode.node.transport.errors import TransportError
from daonode.primitives.errors import PrimitiveError
from daonode.process.settings import ConfigError
from daonode.replica.errors import RecordDamaged
from daonode.signer.errors import SignerError
from daonode.stores.errors import StoreError


class ExitCode(IntEnum):
    """The codes of the table above."""

    SUCCESS = 0
    INTERNAL = 1
    USAGE = 2
    KEY = 3
    REJECTED = 4
    FAILED = 5
    UNREACHABLE = 6
    UNKNOWN_OUTCOME = 7
    NOT_FOUND = 8


class CommandFailed(Exception):
    """A command that cannot do what it was asked, with the code that it exits with."""

    def __init__(self, message: str, *, code: ExitCode, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


_CODES: tuple[tuple[type[Exception], ExitCode], ...] = (
    (KeyFault, ExitCode.KEY),
    (ExecutionFailed, ExitCode.FAILED),
    (OutcomeUnknown, ExitCode.UNKNOWN_OUTCOME),
    (Unreachable, ExitCode.UNREACHABLE),
    (Unavailable, ExitCode.UNREACHABLE),
    (BadAnswer, ExitCode.UNREACHABLE),
    (ProofError, ExitCode.UNREACHABLE),
    (NotFound, ExitCode.NOT_FOUND),
    (Rejected, ExitCode.REJECTED),
    (InvalidTransaction, ExitCode.REJECTED),
    (TransactionError, ExitCode.REJECTED),
    (FileFormatError, ExitCode.USAGE),
    (GenesisError, ExitCode.USAGE),
    (ConfigError, ExitCode.USAGE),
    (ClientSettingsError, ExitCode.USAGE),
    (HomeError, ExitCode.USAGE),
    (TestnetError, ExitCode.USAGE),
    (NoNodeLeft, ExitCode.UNREACHABLE),
    (IndexerError, ExitCode.USAGE),
    (StoreError, ExitCode.USAGE),
    (StorageError, ExitCode.USAGE),
    (RecordDamaged, ExitCode.USAGE),
    (SignerError, ExitCode.USAGE),
    (TransportError, ExitCode.USAGE),
    (Halted, ExitCode.INTERNAL),
    (PrimitiveError, ExitCode.USAGE),
    (LedgerError, ExitCode.USAGE),
    (RpcError, ExitCode.USAGE),
    (ClientError, ExitCode.INTERNAL),
    (OSError, ExitCode.USAGE),
)
"""The first that matches decides."""
_OWN = tuple(kind for kind, _ in _CODES)


def exit_code_of(error: Exception) -> ExitCode:
    """The code that an error of our own ends a command with; an error that is none of them is a defect."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.INTERNAL)


def report(error: Exception) -> int:
    """Say what went wrong, and return the exit code."""
    match error:
        case ExceptionGroup():
            # A nursery wraps what ends it: what ended it is the first leaf.
            return report(error.exceptions[0])
        case click.exceptions.Abort():
            _say("aborted")
            return ExitCode.INTERNAL
        case BrokenPipeError():
            # Whoever read the output has seen enough; the interpreter must not complain when it flushes the rest.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitCode.SUCCESS
        case click.UsageError():
            _say_usage(error)
            return ExitCode.USAGE
        case click.ClickException():
            _say(error.format_message())
            return ExitCode.USAGE
        case CommandFailed():
            _say(str(error), hint=error.hint)
            return error.code
        case _:
            return _report_other(error)


def _report_other(error: Exception) -> int:
    if isinstance(error, _OWN):
        _say(str(error), hint=str(getattr(error, "hint", "")))
        return exit_code_of(error)
    traceback.print_exception(error)
    _say("this is a mistake in daonode; please report it with the lines above")
    return ExitCode.INTERNAL


def _say_usage(error: click.UsageError) -> None:
    message = error.format_message()
    if isinstance(error, click.NoSuchOption) and not error.possibilities and error.ctx is not None:
        known = [name for parameter in error.ctx.command.params for name in parameter.opts if name.startswith("--")]
        near = difflib.get_close_matches(error.option_name, known, n=1, cutoff=0.4)
        if near:
            message += f" Did you mean {near[0]}?"
        elif _names_command(error.ctx, error.option_name):
            message += f" Did you mean `{error.ctx.command_path} {error.option_name.lstrip('-')}`?"
        elif known:
            message += f" Known: {', '.join(sorted(known))}."
    where = error.ctx.command_path if error.ctx is not None else "daonode"
    _say(message, hint=f"see: {where} --help")


def _names_command(ctx: click.Context, option: str) -> bool:
    """Whether an option is the name of a command after all, as `--version` is."""
    return isinstance(ctx.command, click.Group) and option.lstrip("-") in ctx.command.list_commands(ctx)


def _say(message: str, *, hint: str = "") -> None:
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)

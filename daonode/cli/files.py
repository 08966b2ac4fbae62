"""Reading the files that a command line names: whatever is wrong with one, the error names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daonode.cli.failures import CommandFailed, exit_code_of
from daonode.client.errors import FileFormatError, InvalidTransaction
from daonode.client.proposal_file import ProposalFile, parse_proposal
from daonode.client.transaction_file import TransactionFile, parse_transaction_file
from daonode.genesis.document import GenesisDocument, load_document
from daonode.genesis.errors import GenesisError


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the name of a file before what is wrong with its content.

    Raises:
        CommandFailed: with the exit code that the error has without the name.
    """
    try:
        yield
    except (FileFormatError, GenesisError, InvalidTransaction) as error:
        hint = str(getattr(error, "hint", ""))
        raise CommandFailed(f"{path}: {error}", code=exit_code_of(error), hint=hint) from error


def read_transaction(path: Path) -> TransactionFile:
    """A transaction file; raises as `naming`."""
    with naming(path):
        return parse_transaction_file(path.read_bytes())


def read_proposal(path: Path) -> ProposalFile:
    """A proposal file; raises as `naming`."""
    with naming(path):
        return parse_proposal(path.read_bytes())


def read_genesis(path: Path) -> GenesisDocument:
    """A genesis document; raises as `naming`."""
    with naming(path):
        return load_document(path.read_bytes())

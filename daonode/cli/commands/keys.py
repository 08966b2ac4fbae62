"""`daonode keys`: the keys of a home. Words and passwords are asked for or read from standard input, never options."""

from __future__ import annotations

import sys

import rich_click as click

from daonode.cli.commands import keys_agent
from daonode.cli.completion import complete_keys
from daonode.cli.failures import CommandFailed, ExitCode
from daonode.cli.lazy import SuggestingGroup
from daonode.cli.output import JsonObject
from daonode.cli.session import Session, common
from daonode.client.errors import PasswordNeeded
from daonode.client.keystore import KeyEntry
from daonode.client.wallet import verify_text
from daonode.genesis.document import TEST_COIN_TYPE
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import U32
from daonode.primitives.ids import IdError, PublicKey, Signature, check_public_key, check_signature
from daonode.primitives.json_form import Json

MAX_COIN_TYPE = 2**31 - 1
MAX_ACCOUNT = 2**31 - 1


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Keep keys, sign and verify."""


command.add_command(keys_agent.command)


def _path_options(decorated: click.decorators.FC) -> click.decorators.FC:
    for option in (
        click.option(
            "--coin-type", type=click.IntRange(0, MAX_COIN_TYPE), default=None, help="By default the chain's."
        ),
        click.option("--account", type=click.IntRange(0, MAX_ACCOUNT), default=0, help="The account of the path."),
        click.option("--no-password", is_flag=True, help="Keep it unencrypted: for test networks only."),
    ):
        decorated = option(decorated)
    return decorated


@command.command()
@click.argument("name")
@_path_options
@common
def add(session: Session, name: str, coin_type: int | None, account: U32, no_password: bool) -> None:
    """Make a new key of 24 words. `keys export` shows the words: write them down."""
    password = None if no_password else _new_password(session, name)
    entry = session.keystore.create(name, coin_type=_coin_type(session, coin_type), account=account, password=password)
    session.show(_shown(entry))
    session.say(f"write its words down; they are shown by: daonode keys export {name}")


@command.command("import")
@click.argument("name")
@_path_options
@common
def import_(session: Session, name: str, coin_type: int | None, account: U32, no_password: bool) -> None:
    """Add the key of BIP-39 words, from the terminal or a line of standard input."""
    if sys.stdin.isatty():
        words: str = click.prompt("words", hide_input=True, err=True)
    else:
        words = sys.stdin.readline()
    password = None if no_password else _new_password(session, name)
    chosen = _coin_type(session, coin_type)
    entry = session.keystore.add(name, words.strip(), coin_type=chosen, account=account, password=password)
    session.show(_shown(entry))


@command.command("list")
@common
def list_(session: Session) -> None:
    """List the keys of the home."""
    listing = session.keystore.list()
    rows: list[Json] = [_shown(entry) for entry in listing.entries]
    session.show(rows, columns=("name", "encrypted", "address"))
    for warning in listing.warnings:
        session.say(f"warning: {warning}")


@command.command()
@click.argument("name", shell_complete=complete_keys)
@common
def show(session: Session, name: str) -> None:
    """Show a key's address and public key; no password is needed."""
    session.show(_shown(session.keystore.entry(name)))


@command.command()
@click.argument("name", shell_complete=complete_keys)
@common
def export(session: Session, name: str) -> None:
    """Show a key's words: whoever has them has the key."""
    entry = session.keystore.entry(name)
    words = session.keystore.export(name, session.password(name) if entry.is_encrypted else None)
    session.show({"name": name, "words": words, "path": entry.path})


@command.command()
@click.argument("text")
@click.option("--from", "name", envvar="DAONODE_FROM", required=True, help="The key that signs.")
@click.option("--login", "is_login", is_flag=True, help="It is a text to sign in with at a gateway.")
@common
def sign(session: Session, text: str, name: str, is_login: bool) -> None:
    """Sign a text; the signature can never pass for that of a transaction."""
    wallet = session.unlock(name)
    signature = wallet.sign_text(text, purpose="login" if is_login else "message")
    session.show(
        {
            "text": text,
            "address": encode_account(wallet.address),
            "public_key": f"0x{wallet.public_key.hex()}",
            "signature": f"0x{signature.hex()}",
        }
    )


@command.command()
@click.argument("text")
@click.option("--public-key", required=True, metavar="HEX|NAME", help="Whose signature: a public key or a key's name.")
@click.option("--signature", required=True, metavar="HEX", help="What `keys sign` gave.")
@common
def verify(session: Session, text: str, public_key: str, signature: str) -> None:
    """Say whether a signature by `keys sign` is a key's, for a text."""
    key = _public_key(session, public_key)
    is_valid = verify_text(text, public_key=key, signature=_signature(signature))
    session.show({"valid": is_valid, "public_key": f"0x{key.hex()}"})
    if not is_valid:
        raise CommandFailed("the signature is not that key's for this text", code=ExitCode.KEY)


def _new_password(session: Session, name: str) -> str:
    password = session.password(name, is_new=True)
    if password is None:
        raise PasswordNeeded(
            f"a new key needs a password, and none was given for {name}",
            hint="for a test network, --no-password keeps the key unencrypted",
        )
    return password


def _coin_type(session: Session, given: int | None) -> int:
    """The coin type of the home's chain, or that of test networks where the home knows no chain."""
    if given is not None:
        return given
    return session.genesis.chain.coin_type if session.home.genesis.exists() else TEST_COIN_TYPE


def _public_key(session: Session, text: str) -> PublicKey:
    if not text.startswith("0x"):
        return session.keystore.entry(text).public_key
    try:
        return check_public_key(bytes.fromhex(text.removeprefix("0x")))
    except (ValueError, IdError) as error:
        raise click.UsageError(f"--public-key: {error}") from error


def _signature(text: str) -> Signature:
    try:
        return check_signature(bytes.fromhex(text.removeprefix("0x")))
    except (ValueError, IdError) as error:
        raise click.UsageError(f"--signature: {error}") from error


def _shown(entry: KeyEntry) -> JsonObject:
    return {
        "name": entry.name,
        "address": encode_account(entry.address),
        "public_key": f"0x{entry.public_key.hex()}",
        "path": entry.path,
        "encrypted": entry.is_encrypted,
        "file": str(entry.file),
    }

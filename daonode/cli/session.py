"""What every command has: where its home is, which node it asks, how it shows results, and with which key it signs.

`common` and `signing` are the decorators that give a command these options. Nothing is opened before it is used.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import rich_click as click

from daonode.cli.completion import complete_keys
from daonode.cli.output import OutputFormat, show
from daonode.cli.parameters import AMOUNT, RPC_URL
from daonode.primitives.json_form import Json

if TYPE_CHECKING:
    from daonode.cli.client_settings import ClientSettings
    from daonode.client.keystore import Keystore
    from daonode.client.light import TrustedChain
    from daonode.client.rpc import RpcClient
    from daonode.client.wallet import SigningKey
    from daonode.genesis.document import GenesisDocument
    from daonode.node.home import Home
    from daonode.primitives.ids import Address, ChainId

Command = Callable[..., None]

UNLOCK_VARIABLE = "DAONODE_PASSWORD"
COMMIT_TIMEOUT_S = 30.0
FORMATS = ("table", "json", "yaml")


@dataclass
class Session:
    """The options that all commands share, and what follows from them."""

    home_path: Path
    rpc_url: str | None
    output: OutputFormat | None
    from_name: str | None = None
    wait: bool = True
    timeout_s: float = COMMIT_TIMEOUT_S
    gas_limit: int | None = None
    max_fee: int | None = None
    lane: int = 0
    _rpc: RpcClient | None = field(default=None, init=False)
    _genesis: GenesisDocument | None = field(default=None, init=False)

    @property
    def home(self) -> Home:
        """The home directory's paths."""
        from daonode.node.home import Home

        return Home(self.home_path)

    @functools.cached_property
    def client_settings(self) -> ClientSettings:
        """What `client.toml` of the home says."""
        from daonode.cli.client_settings import load_client_settings

        return load_client_settings(self.home.client_toml)

    @property
    def url(self) -> str:
        """The node to ask: the option, the environment, or `client.toml`."""
        if self.rpc_url is not None:
            return self.rpc_url
        from daonode.cli.client_settings import DEFAULT_RPC

        self._check_home()
        return self.client_settings.rpc or DEFAULT_RPC

    @property
    def rpc(self) -> RpcClient:
        """The node."""
        if self._rpc is None:
            from daonode.client.rpc import RpcClient

            self._rpc = RpcClient(self.url)
        return self._rpc

    def _check_home(self) -> None:
        """Refuse a mistyped home: without its settings, the question would go to whichever node is on this machine.

        Raises:
            HomeError: the home is not the default one, and it is none.
        """
        from daonode.node.home import DEFAULT_HOME, HomeError

        home = self.home
        is_home = home.config_directory.exists() or home.keys_directory.exists()
        if is_home or home.path == Path(DEFAULT_HOME).expanduser():
            return
        inner = home.path / "node0"
        right = f"did you mean {inner}?" if inner.exists() else "make one with `daonode init`, or give --rpc"
        raise HomeError(f"{home.path} is no home of a node: {right}")

    @property
    def keystore(self) -> Keystore:
        """The keys of the home."""
        from daonode.client.keystore import Keystore

        return Keystore(self.home.keys_directory)

    @property
    def genesis(self) -> GenesisDocument:
        """The genesis document of the home, which is what is trusted of a chain."""
        if self._genesis is None:
            from daonode.cli.files import read_genesis
            from daonode.node.home import HomeError

            try:
                self._genesis = read_genesis(self.home.genesis)
            except FileNotFoundError:
                raise HomeError(f"{self.home.genesis} is missing; give --home a home of this chain") from None
        return self._genesis

    @property
    def trusted_chain(self) -> TrustedChain:
        """What verifies a node's answers against the genesis document."""
        from daonode.client.light import TrustedChain

        return TrustedChain(self.genesis)

    def show(self, data: Json, *, columns: Sequence[str] = (), text: Callable[[], str] | None = None) -> None:
        """Write a result to standard output; `text` is what people see instead of a table."""
        # The file's value was checked when it was read.
        output = self.output or cast(OutputFormat, self.client_settings.output or "table")
        if text is not None and output == "table":
            click.echo(text())
        else:
            show(data, output, columns=columns)

    def say(self, text: str) -> None:
        """Tell a person something, on standard error."""
        click.echo(text, err=True)

    def sender_name(self) -> str:
        """The key that signs: `--from`, the environment, or `client.toml`."""
        name = self.from_name or self.client_settings.from_
        if not name:
            known = ", ".join(entry.name for entry in self.keystore.list().entries) or "none; see `daonode keys add`"
            raise click.UsageError(f"which key signs? give --from NAME (known: {known})")
        return name

    def unlock(self, name: str) -> SigningKey:
        """A key that signs. Asks for its password once, and not where it is not encrypted or the agent holds it."""
        from daonode.client.agent import agent_path, find_key

        entry = self.keystore.entry(name)
        if not entry.is_encrypted:
            return self.keystore.unlock(name)
        held = find_key(agent_path(self.home_path), entry.public_key)
        return held or self.keystore.unlock(name, self.password(name))

    def password(self, name: str, *, is_new: bool = False) -> str | None:
        """The password of a key: from the environment, asked for on a terminal, else a line of standard input.

        None where there is none.
        """
        if UNLOCK_VARIABLE in os.environ:
            return os.environ[UNLOCK_VARIABLE]
        if sys.stdin.isatty():
            text: str = click.prompt(f"password of {name}", hide_input=True, err=True, confirmation_prompt=is_new)
            return text
        return sys.stdin.readline().rstrip("\r\n") or None

    def check_chain(self, chain_id: ChainId) -> None:
        """Refuse to sign for another chain than the home's, whatever the node says."""
        expected = self.genesis.chain.chain_id
        if chain_id != expected:
            raise click.UsageError(f"the node at {self.url} is on chain {chain_id}, this home on {expected}")

    def address(self, text: str) -> Address:
        """An account given as an address, or as the name of a key in the home."""
        from daonode.client.errors import InvalidKeyName, UnknownKey
        from daonode.primitives.addresses import decode_account

        if not text.lower().startswith(("dao1", "daoval1")):
            try:
                return self.keystore.entry(text).address
            except (UnknownKey, InvalidKeyName) as error:
                raise click.UsageError(f"{text!r} is neither an address (dao1...) nor a key's name: {error}") from error
        return decode_account(text)

    def names(self) -> dict[str, str]:
        """The names of the home's keys by address, to show beside addresses."""
        from daonode.primitives.addresses import encode_account

        return {encode_account(entry.address): entry.name for entry in self.keystore.list().entries}


output_option = click.option(
    "-o",
    "--output",
    type=click.Choice(FORMATS),
    default=None,
    help="How results are shown, by default as client.toml says or as a table.",
)
"""Gives a command `-o`."""

home_option = click.option(
    "--home", envvar="DAONODE_HOME", default="~/.daonode", show_default=True, help="The home directory."
)
"""Gives a command `--home`."""


def with_session(command: Command) -> Command:
    """Give a command `--rpc`, and pass it a `Session` made of this and of its `--home` and `-o`."""

    @click.option("--rpc", type=RPC_URL, envvar="DAONODE_RPC", default=None, help="The node to ask, as a URL.")
    @functools.wraps(command)
    def wrapped(*args: object, **options: object) -> None:
        session = Session(
            home_path=Path(str(options.pop("home"))).expanduser(),
            rpc_url=cast(str | None, options.pop("rpc")),
            output=cast(OutputFormat | None, options.pop("output")),
        )
        command(session, *args, **options)

    return wrapped


def common(command: Command) -> Command:
    """Give a command `--home`, `--rpc` and `-o`, and pass it a `Session`."""
    return home_option(output_option(with_session(command)))


def sending(command: Command) -> Command:
    """Give a command what `common` gives, and the options of a command that sends a transaction."""

    @click.option("--wait/--no-wait", default=True, help="Whether to wait for the commit.")
    @click.option(
        "--timeout",
        "timeout_s",
        type=click.FloatRange(min=0),
        default=COMMIT_TIMEOUT_S,
        help="Seconds to wait at most.",
    )
    @functools.wraps(command)
    def with_waiting(session: Session, *args: object, **options: object) -> None:
        session.wait = bool(options.pop("wait"))
        session.timeout_s = cast(float, options.pop("timeout_s"))
        command(session, *args, **options)

    return common(with_waiting)


def signing(command: Command) -> Command:
    """Give a command what `sending` gives, and the options of a command that makes and signs a transaction."""

    @click.option(
        "--from",
        "from_name",
        envvar="DAONODE_FROM",
        default=None,
        shell_complete=complete_keys,
        help="The key that signs.",
    )
    @click.option("--gas-limit", type=AMOUNT, default=None, help="The gas limit, by default what a simulation needs.")
    @click.option("--max-fee", type=AMOUNT, default=None, help="The largest fee, in base units.")
    @click.option("--lane", type=click.IntRange(0, 15), default=0, help="The lane of the sequence.")
    @functools.wraps(command)
    def with_signer(session: Session, *args: object, **options: object) -> None:
        session.from_name = cast(str | None, options.pop("from_name"))
        session.gas_limit = cast(int | None, options.pop("gas_limit"))
        session.max_fee = cast(int | None, options.pop("max_fee"))
        session.lane = cast(int, options.pop("lane"))
        command(session, *args, **options)

    return sending(with_signer)

"""`daonode gateway`: the public side over the indexer's store, and the API keys of its clients."""

from __future__ import annotations

import functools
import os
import time
from typing import TYPE_CHECKING

import rich_click as click

from daonode.cli.lazy import SuggestingGroup
from daonode.cli.parameters import DURATION
from daonode.cli.session import Session, common
from daonode.primitives.json_form import Json
from daonode.primitives.times import format_time
from daonode.primitives.units import TimeMs

if TYPE_CHECKING:
    from pathlib import Path

    from daonode.gateway.keys import KeyEntry

STORE_NAME = "index.sqlite"


class RunningGroup(SuggestingGroup):
    """A group that runs the gateway where no command of it is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` before options, and where there is nothing at all."""
        is_help = args[:1] in (["-h"], ["--help"])
        if not args or (args[0].startswith("-") and not is_help):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=RunningGroup)
def command() -> None:
    """Run the public side: REST, GraphQL, a proxy to the node and the web page. Without a command, `run`."""


@command.command()
@click.option("--listen", default=None, help="host:port of the public side, over [gateway] listen.")
@click.option("--metrics-listen", default=None, help="host:port of /metrics, over [gateway] metrics_listen.")
@click.option("--store", default=None, help="The indexer's store, by default data/index.sqlite of the home.")
@click.option("--log-level", default=None, help="debug, info, warning or error, over [log] level.")
@click.option("--log-format", default=None, help="console or json, over [log] format.")
@common
def run(session: Session, **flags: str | None) -> None:
    """Run the gateway of a home until SIGTERM or Ctrl-C."""
    from pathlib import Path

    import structlog
    import trio

    from daonode.gateway.running import GatewayAddresses, GatewayFiles, run_gateway
    from daonode.gateway.settings import GatewayConfig, load_config
    from daonode.process.logs import configure_logs

    overrides = {
        ("log", name.removeprefix("log_")) if name.startswith("log_") else ("gateway", name): value
        for name, value in {**flags, "rpc": session.rpc_url}.items()
        if value is not None
    }

    def read_config() -> GatewayConfig:
        path = session.home.config_directory / "gateway.toml"
        return load_config(path, environment=os.environ, overrides=overrides)

    config = read_config()
    configure_logs(config.log)
    store = Path(config.gateway.store).expanduser() if config.gateway.store else None
    files = GatewayFiles(
        keys=_key_file(session),
        secret=session.home.config_directory / "gateway_secret",
        store=store or session.home.data_directory / STORE_NAME,
    )

    def on_ready(addresses: GatewayAddresses) -> None:
        log = structlog.get_logger(__name__)
        log.info("ready", url=f"http://{addresses.public}/", metrics=addresses.metrics, store=str(files.store))

    trio.run(
        functools.partial(run_gateway, config, files, on_ready=on_ready, read_log=lambda: read_config().log),
    )


@command.group(cls=SuggestingGroup)
def key() -> None:
    """Make, list and revoke API keys; a running gateway takes changes into use within a second."""


@key.command("new")
@click.argument("name")
@click.option("--expires", "expires_ms", type=DURATION, default=None, help="How long it is valid, such as 90d.")
@click.option("--rate", type=click.IntRange(1, 1_000_000), default=None, help="Units a second, over [limits] key_rate.")
@click.option("--burst", type=click.IntRange(1, 10_000_000), default=None, help="The most that may be saved up.")
@common
def new_key(session: Session, name: str, expires_ms: int | None, rate: int | None, burst: int | None) -> None:
    """Make a key and show it once: the file keeps its digest alone."""
    from daonode.gateway.keys import KeyTerms, add_key

    if burst is not None and rate is None:
        raise click.UsageError("--burst goes with --rate")
    now_ms = TimeMs(time.time_ns() // 1_000_000)
    expires_at = None if expires_ms is None else TimeMs(now_ms + expires_ms)
    made = add_key(_key_file(session), KeyTerms(name, expires_at, rate, burst), now_ms=now_ms)
    session.show({"name": name, "key": made, "expires_at": None if expires_at is None else format_time(expires_at)})
    session.say("it is shown this once; send it as: Authorization: Bearer KEY")


@key.command("list")
@common
def list_keys(session: Session) -> None:
    """List the keys, without what is secret of them."""
    from daonode.gateway.keys import read_keys

    rows: list[Json] = [_shown(entry) for entry in read_keys(_key_file(session))]
    session.show(rows, columns=("name", "id", "created_at", "expires_at", "rate", "burst"))


@key.command("revoke")
@click.argument("name")
@common
def revoke(session: Session, name: str) -> None:
    """Revoke the key with this name or id."""
    from daonode.gateway.keys import revoke_key

    revoke_key(_key_file(session), name)
    session.show({"revoked": name})


def _key_file(session: Session) -> Path:
    return session.home.config_directory / "gateway_keys.json"


def _shown(entry: KeyEntry) -> dict[str, Json]:
    return {
        "name": entry.name,
        "id": entry.id,
        "created_at": format_time(entry.created_at),
        "expires_at": None if entry.expires_at is None else format_time(entry.expires_at),
        "rate": entry.rate,
        "burst": entry.burst,
    }

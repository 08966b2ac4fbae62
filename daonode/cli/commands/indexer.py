"""`daonode indexer`: follow nodes, verify their blocks, keep the stores that the gateway reads."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from daonode.cli.lazy import SuggestingGroup
from daonode.cli.output import OutputFormat
from daonode.cli.parameters import RPC_URL
from daonode.cli.session import Command, Session, home_option, output_option

if TYPE_CHECKING:
    from daonode.indexer.settings import IndexerConfig

STORE_NAME = "index.sqlite"


class RpcUrls(click.ParamType[list[str]]):
    """One or more nodes, with commas between."""

    name = "urls"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """Check each."""
        if isinstance(value, list):
            return value
        return [str(RPC_URL.convert(each.strip(), param, ctx)) for each in str(value).split(",") if each.strip()]


def _indexer_options(command: Command) -> Command:
    """Give a command the options of the indexer, and pass it a `Session` and the configuration."""

    @click.option(
        "--rpc",
        "urls",
        type=RpcUrls(),
        envvar="DAONODE_RPC",
        multiple=True,
        help="A node to follow, over [indexer] rpc; several by giving it again, or with commas.",
    )
    @click.option(
        "--store",
        "stores",
        multiple=True,
        help="A store such as sqlite:PATH, over [indexer] store; by default data/index.sqlite of the home.",
    )
    @functools.wraps(command)
    def wrapped(
        home: str, output: OutputFormat | None, urls: tuple[list[str], ...], stores: tuple[str, ...], **options: object
    ) -> None:
        session = Session(home_path=Path(home).expanduser(), rpc_url=None, output=output)
        given = {"rpc": ",".join(url for each in urls for url in each), "store": ",".join(stores)}
        overrides = {("indexer", name): text for name, text in given.items() if text}
        command(session, overrides, **options)

    return home_option(output_option(wrapped))


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Keep an index of the chain, verified block by block, for the gateway and for whoever reads its store."""


@command.command()
@click.option("--trust", default=None, help="A block known from elsewhere, HEIGHT:BLOCK_ID, over [indexer] trust.")
@click.option(
    "--projection", "projections", multiple=True, help="A further projection, package.module:Name; may be given again."
)
@click.option("--metrics-listen", default=None, help="host:port of /metrics, over [indexer] metrics_listen.")
@click.option("--log-level", default=None, help="debug, info, warning or error, over [log] level.")
@click.option("--log-format", default=None, help="console or json, over [log] format.")
@_indexer_options
def run(
    session: Session,
    overrides: dict[tuple[str, str], str],
    *,
    projections: tuple[str, ...],
    **flags: str | None,
) -> None:
    """Follow the chain of a home until SIGTERM or Ctrl-C."""
    import structlog
    import trio

    from daonode.indexer.running import Started, run_indexer
    from daonode.process.logs import configure_logs

    given = {**flags, "projections": ",".join(projections) or None}
    overrides |= {
        ("log", name.removeprefix("log_")) if name.startswith("log_") else ("indexer", name): value
        for name, value in given.items()
        if value is not None
    }
    config = _read_config(session, overrides)
    configure_logs(config.log)
    stores = _stores(session, config)
    document = session.genesis
    if not config.indexer.store:
        session.home.data_directory.mkdir(parents=True, exist_ok=True)

    def on_ready(started: Started) -> None:
        log = structlog.get_logger(__name__)
        log.info("ready", height=started.height, stores=",".join(stores), metrics=started.metrics)

    trio.run(
        functools.partial(
            run_indexer,
            config,
            document,
            stores=stores,
            on_ready=on_ready,
            read_log=lambda: _read_config(session, overrides).log,
        )
    )


@command.command()
@click.option("--projection", "projections", multiple=True, help="A further projection, as `indexer run` takes it.")
@_indexer_options
def reset(session: Session, overrides: dict[tuple[str, str], str], *, projections: tuple[str, ...]) -> None:
    """Empty the stores; the next run builds them from the genesis block. Readers may stay connected."""
    from daonode.indexer.destinations import kind_of, load_projections
    from daonode.indexer.projection.projector import Projector

    if projections:
        overrides[("indexer", "projections")] = ",".join(projections)
    config = _read_config(session, overrides)
    tables = Projector(session.genesis, further=load_projections(config.indexer.projections)).tables
    stores = _stores(session, config)
    for text in stores:
        kind, place = kind_of(text)
        kind.reset(place, tables)
    session.show({"emptied": list(stores)})


@command.command()
@_indexer_options
def status(session: Session, overrides: dict[tuple[str, str], str]) -> None:
    """Show how far the stores are, how far the nodes are, and what has gone wrong since the indexer was started."""
    from daonode.indexer.standing import read_standing

    config = _read_config(session, overrides)
    session.show(read_standing(config, _stores(session, config)).to_json())


def _read_config(session: Session, overrides: dict[tuple[str, str], str]) -> IndexerConfig:
    from daonode.indexer.settings import load_config

    path = session.home.config_directory / "indexer.toml"
    return load_config(path, environment=os.environ, overrides=overrides)


def _stores(session: Session, config: IndexerConfig) -> tuple[str, ...]:
    return config.indexer.store or (f"sqlite:{session.home.data_directory / STORE_NAME}",)

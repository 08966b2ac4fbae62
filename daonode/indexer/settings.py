"""The indexer's settings: `config/indexer.toml`, overridden by the environment, overridden by flags."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from daonode.client.errors import InvalidUrl
from daonode.client.transport import check_url
from daonode.indexer.verifying import parse_checkpoint
from daonode.primitives.codec import Record
from daonode.process.settings import ConfigError, LogSection, load_settings


class IndexerSection(Record, frozen=True):
    """Whom it follows, and where it writes.

    `rpc` are the URLs of nodes of one chain; one is followed, the others stand by. `store` are the stores that are
    written, such as `sqlite:/var/lib/dao/index.sqlite`; with none, `data/index.sqlite` of the home. `trust` is a block
    that is known from elsewhere, `HEIGHT:BLOCK_ID`, or empty. `projections` are further ones, `package.module:Name`.
    `metrics_listen` is host:port of `/metrics`; empty turns it off.
    """

    rpc: tuple[str, ...] = ("http://127.0.0.1:26657",)
    store: tuple[str, ...] = ()
    trust: str = ""
    projections: tuple[str, ...] = ()
    metrics_listen: str = "127.0.0.1:26682"


class IndexerConfig(Record, frozen=True):
    """All sections."""

    indexer: IndexerSection = IndexerSection()
    log: LogSection = LogSection()


def load_config(
    path: Path, *, environment: Mapping[str, str], overrides: Mapping[tuple[str, str], str] | None = None
) -> IndexerConfig:
    """Read an indexer's configuration.

    Raises:
        ConfigError: as `load_settings`, or a value cannot be used.
    """
    config = load_settings(path, IndexerConfig, environment=environment, overrides=overrides)
    section = config.indexer
    if not section.rpc:
        raise ConfigError("indexer.rpc: expected the URL of at least one node")
    try:
        for url in section.rpc:
            check_url(url)
        if section.trust:
            parse_checkpoint(section.trust)
    except InvalidUrl as error:
        raise ConfigError(f"indexer.rpc: {error}") from error
    except ValueError as error:
        raise ConfigError(f"indexer.trust: {error}") from error
    return config

"""The gateway's settings: `config/gateway.toml`, overridden by the environment, overridden by flags.

Nothing in here is a secret: keys and the secret that signs sessions are files beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from daonode.client.errors import InvalidUrl
from daonode.client.transport import check_url
from daonode.httpd.addresses import AddressRangeError, read_proxies
from daonode.primitives.codec import U32, Record
from daonode.process.settings import ConfigError, LogSection, load_settings


class GatewaySection(Record, frozen=True):
    """Where it listens, what it reads, and whom it believes.

    `listen` is host:port of the public side, `metrics_listen` that of `/metrics`; empty turns it off. `rpc` are the
    URLs of nodes of one chain, tried in this order. `store` is the indexer's file. `names` are the host names under
    which the gateway is reached, besides this machine's own; with none, one that listens beyond this machine answers to
    any. `cors_origins` are the origins whose pages may call; "*" is any. `trusted_proxies` are the addresses and
    networks whose `X-Forwarded-For` is believed.
    """

    listen: str = "127.0.0.1:26680"
    metrics_listen: str = "127.0.0.1:26681"
    rpc: tuple[str, ...] = ("http://127.0.0.1:26657",)
    store: str = ""
    names: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()


class LimitsSection(Record, frozen=True):
    """What a client may spend: units a second, and a burst of them. A read costs one.

    Anonymous clients have a budget for each address, members for each account; a key may have a rate of its own.
    """

    anonymous_rate: U32 = 20
    anonymous_burst: U32 = 200
    member_rate: U32 = 50
    member_burst: U32 = 500
    key_rate: U32 = 100
    key_burst: U32 = 1_000


class GatewayConfig(Record, frozen=True):
    """All sections."""

    gateway: GatewaySection = GatewaySection()
    limits: LimitsSection = LimitsSection()
    log: LogSection = LogSection()


def load_config(
    path: Path, *, environment: Mapping[str, str], overrides: Mapping[tuple[str, str], str] | None = None
) -> GatewayConfig:
    """Read a gateway's configuration.

    Raises:
        ConfigError: as `load_settings`, or a value cannot be used.
    """
    config = load_settings(path, GatewayConfig, environment=environment, overrides=overrides)
    for name, number in ((each, getattr(config.limits, each)) for each in LimitsSection.__struct_fields__):
        if not number:
            raise ConfigError(f"limits.{name}: expected at least 1")
    if not config.gateway.rpc:
        raise ConfigError("gateway.rpc: expected the URL of at least one node")
    try:
        for url in config.gateway.rpc:
            check_url(url)
        read_proxies(config.gateway.trusted_proxies)
    except InvalidUrl as error:
        raise ConfigError(f"gateway.rpc: {error}") from error
    except AddressRangeError as error:
        raise ConfigError(f"gateway.trusted_proxies: {error}") from error
    return config

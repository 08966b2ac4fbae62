"""What `daonode doctor` looks at, one function a question. Changes nothing; each finding says what to do."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from daonode.client.answers import Status
from daonode.client.errors import ClientError
from daonode.client.keystore import Keystore
from daonode.client.rpc import RpcClient
from daonode.genesis.document import GenesisDocument, load_document
from daonode.genesis.errors import GenesisError
from daonode.genesis.initial import make_initial_state
from daonode.node.clock import Clock
from daonode.node.config import NodeConfig, load_config
from daonode.node.home import Home, HomeError, read_seed
from daonode.node.storage import StorageError, StoreLocked, open_stores
from daonode.process.settings import ConfigError
from daonode.replica.archive import Archive
from daonode.replica.errors import RecordDamaged
from daonode.replica.layout import TIP_KEY
from daonode.replica.soundness import check_stores

PYTHON_RANGE = ((3, 11), (3, 13))
LIBRARIES = ("libp2p", "trio", "plyvel", "PyNaCl", "msgspec", "starlette", "anycorn")
MIN_FREE_BYTES = 1024**3
RPC_SECONDS = 3.0
MAX_METRICS_BYTES = 4 * 1024**2
PROPOSAL_AGE_METRIC = "daonode_proposal_age_seconds"


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer: `said` is what was found, or what to do."""

    check: str
    is_fine: bool
    said: str


def _fine(check: str, said: str) -> Finding:
    return Finding(check, is_fine=True, said=said)


def _fault(check: str, said: str) -> Finding:
    return Finding(check, is_fine=False, said=said)


@dataclass(frozen=True, slots=True)
class Checkup:
    """Everything about one home; `url` is where its node would answer."""

    home: Home
    url: str

    def findings(self) -> Iterator[Finding]:
        """Look, from the ground up: what a later check needs, an earlier one has told."""
        yield _python()
        yield _libraries()
        yield self._disk()
        if not self.home.config_directory.exists():
            yield _fault("home", f"{self.home.path} is no home; make one with `daonode init`")
            return
        config = self._config()
        yield Finding("configuration", isinstance(config, NodeConfig), _said(config, str(self.home.node_toml)))
        yield from self._keys()
        document = self._document()
        is_document = isinstance(document, GenesisDocument)
        told = f"chain {document.chain.chain_id}" if isinstance(document, GenesisDocument) else str(document)
        yield Finding("genesis", is_document, told)
        status = self._status()
        if isinstance(status, Status):
            yield _fine("node", f"answers at {self.url}, at height {status.height}")
            yield _clock(status, document, config)
            if isinstance(document, GenesisDocument):
                yield _peers_clocks(self.url, document)
        else:
            yield _fine("node", f"does not run: {status}")
            if isinstance(config, NodeConfig):
                yield from _ports(config)
        if isinstance(document, GenesisDocument):
            yield self._store(document)

    def _disk(self) -> Finding:
        directory = self.home.path
        while not directory.exists():
            directory = directory.parent
        free = shutil.disk_usage(directory).free
        said = (
            f"{free // 1024**2} MiB free" if free >= MIN_FREE_BYTES else f"only {free // 1024**2} MiB free: make room"
        )
        return Finding("disk", free >= MIN_FREE_BYTES, said)

    def _config(self) -> NodeConfig | ConfigError:
        try:
            return load_config(self.home.node_toml, environment={})
        except ConfigError as error:
            return error

    def _keys(self) -> Iterator[Finding]:
        for name, path in (("host key", self.home.node_key), ("consensus key", self.home.validator_key)):
            if path == self.home.validator_key and not path.exists():
                yield _fine(name, "none: this is a full node")
                continue
            try:
                read_seed(path)
            except HomeError as error:
                yield _fault(name, str(error))
            else:
                yield _fine(name, str(path))
        listing = Keystore(self.home.keys_directory).list()
        problems = "; ".join(f"{problem} {problem.hint}".strip() for problem in listing.problems)
        yield Finding("account keys", not problems, problems or f"{len(listing.entries)} in {self.home.keys_directory}")

    def _document(self) -> GenesisDocument | str:
        try:
            document = load_document(self.home.genesis.read_bytes())
            make_initial_state(document)
        except FileNotFoundError:
            return f"{self.home.genesis} is missing; put the chain's genesis document there"
        except GenesisError as error:
            return f"{self.home.genesis}: {error}"
        return document

    def _status(self) -> Status | ClientError:
        rpc = RpcClient(self.url, timeout_s=RPC_SECONDS)
        try:
            return rpc.status()
        except ClientError as error:
            return error

    def _store(self, document: GenesisDocument) -> Finding:
        if not self.home.data_directory.exists() or not any(self.home.data_directory.iterdir()):
            return _fine("store", "empty: the node has not run yet")
        try:
            with closing(open_stores(self.home.path, chain_id=document.chain.chain_id)) as stores:
                if stores.state.get(TIP_KEY) is None:
                    return _fine("store", "empty: the node has not run yet")
                archive = Archive(stores.blocks, stores.state)
                tip = archive.tip()
                stored = archive.genesis()
                if stored is None or bytes(stored.header.parent_id) != document.hash():
                    return _fault("store", f"it was not made from {self.home.genesis}")
                check_stores(archive, genesis=stored.header)
        except StoreLocked:
            return _fine("store", "in use by the running node")
        except (StorageError, RecordDamaged) as error:
            return _fault("store", str(error))
        return _fine("store", f"opens, at height {tip.height}")


def _python() -> Finding:
    low, high = PYTHON_RANGE
    found = ".".join(str(part) for part in sys.version_info[:3])
    is_fine = low <= sys.version_info[:2] <= high
    wanted = f"{low[0]}.{low[1]} to {high[0]}.{high[1]}"
    return Finding("python", is_fine, found if is_fine else f"{found}: run daonode with Python {wanted}")


def _libraries() -> Finding:
    missing: list[str] = []
    for name in LIBRARIES:
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    said = f"missing: {', '.join(missing)}; install daonode again" if missing else f"{len(LIBRARIES)} installed"
    return Finding("libraries", not missing, said)


def _clock(status: Status, document: GenesisDocument | str, config: NodeConfig | ConfigError) -> Finding:
    """A node whose clock is off by more than the chain's drift votes for no block.

    On a development network the right time is that of its clock file, which `dev warp` moves.
    """
    if status.clock_ms is None or not isinstance(document, GenesisDocument):
        return _fine("clock", "the node does not tell its clock")
    clock_file = config.dev.clock_file if isinstance(config, NodeConfig) else ""
    apart_ms = abs(status.clock_ms - Clock(Path(clock_file) if clock_file else None).now_ms())
    allowed_ms = document.chain.consensus.max_drift
    if apart_ms <= allowed_ms:
        return _fine("clock", f"{apart_ms} ms from the node's")
    return _fault("clock", f"{apart_ms} ms from the node's, {allowed_ms} ms are allowed: synchronise it")


def _peers_clocks(url: str, document: GenesisDocument) -> Finding:
    """What the last proposals of the other validators say of the node's clock: most of them are right."""
    check = "peers' clocks"
    try:
        ages_ms = sorted(_proposal_ages_ms(_metrics_of(url)))
    except (OSError, HTTPException, ValueError) as error:
        return _fine(check, f"the node tells no metrics: {error}")
    if not ages_ms:
        return _fine(check, "no other validator has proposed yet")
    allowed_ms = int(document.chain.consensus.max_drift)
    median_ms = ages_ms[len(ages_ms) // 2]
    if median_ms < -allowed_ms:
        return _fault(check, f"the node's clock is {-median_ms} ms behind the other validators': synchronise it")
    if median_ms > allowed_ms:
        return _fault(
            check, f"proposals come {median_ms} ms late: this clock is ahead, or the network slow; synchronise it"
        )
    return _fine(check, f"proposals of {len(ages_ms)} validators come {median_ms} ms after their time")


def _metrics_of(url: str) -> str:
    parts = urlsplit(url)
    connector = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    with closing(connector(parts.netloc, timeout=RPC_SECONDS)) as connection:
        connection.request("GET", f"{parts.path.rstrip('/')}/metrics")
        return connection.getresponse().read(MAX_METRICS_BYTES).decode()


def _proposal_ages_ms(metrics: str) -> Iterator[int]:
    for family in text_string_to_metric_families(metrics):
        if family.name == PROPOSAL_AGE_METRIC:
            yield from (round(sample.value * 1_000) for sample in family.samples)


def _ports(config: NodeConfig) -> Iterator[Finding]:
    p2p = config.p2p.listen.split("/")
    listens = (
        ("p2p port", p2p[2] if len(p2p) > 4 else "", p2p[4] if len(p2p) > 4 else ""),
        ("rpc port", *_host_and_port(config.rpc.listen)),
        ("metrics port", *_host_and_port(config.metrics.listen)),
    )
    for name, host, port in listens:
        if not port.isdecimal():
            yield Finding(name, not port, "off" if not port else f"{port!r} is no port; see [{name.split()[0]}] listen")
            continue
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, int(port)))
        except OSError as error:
            said = f"{host}:{port}: {error.strerror}; change [{name.split()[0]}] listen, or end what uses it"
            yield _fault(name, said)
        else:
            yield _fine(name, f"{host}:{port} is free")


def _host_and_port(listen: str) -> tuple[str, str]:
    host, _, port = listen.rpartition(":")
    return host, port


def _said(found: NodeConfig | ConfigError, fine: str) -> str:
    return fine if isinstance(found, NodeConfig) else str(found)

"""The node process: opens everything, wires it, runs it, and closes it in order. Start here."""

from __future__ import annotations

import resource
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from daonode.consensus.safety import SafetyState
from daonode.node.allocator import bound_freed_memory
from daonode.node.clock import Clock
from daonode.node.config import NodeConfig
from daonode.node.driver import Driver
from daonode.node.home import Home, read_seed
from daonode.node.joining import JoiningDriver, join
from daonode.node.metrics import NodeMetrics
from daonode.node.narrator import Narrator
from daonode.node.opening import open_home, prepare_stores
from daonode.node.rpc import serve, serve_metrics
from daonode.node.running import RunningNode
from daonode.node.storage import Stores
from daonode.node.storage.merging import let_merging_step_back
from daonode.node.transport.identity import peer_id_from_public_key
from daonode.node.transport.service import Transport, open_transport
from daonode.node.transport.types import Multiaddress, PeerAddress, TransportConfig
from daonode.node.watched import watch
from daonode.primitives.ids import PublicKey
from daonode.primitives.signatures import public_key_of
from daonode.process.logs import telling_position
from daonode.process.signals import obeying_signals
from daonode.replica.archive import Archive
from daonode.replica.bootstrap import Chain, NewChain
from daonode.replica.events import PeerId
from daonode.replica.layout import TIP_KEY
from daonode.replica.snapshot_archive import SnapshotArchive
from daonode.signer.file_signer import FileSigner, open_signer
from daonode.signer.remembering import check_remembered, is_voted_block_kept

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NodeAddresses:
    """Where a node really listens; `metrics` is empty where they have no address of their own."""

    p2p: str
    rpc: str
    metrics: str


async def run_node(
    home: Home,
    config: NodeConfig,
    *,
    on_ready: Callable[[NodeAddresses], None],
    read_config: Callable[[], NodeConfig],
) -> None:
    """Run until SIGTERM or SIGINT; `on_ready` is called once everything listens.

    `read_config` gives the configuration as it is now: SIGHUP takes its section `[log]` into use.

    Raises:
        HomeError, StorageError, RecordDamaged, SignerError, TransportError, OSError: it cannot start.
        Halted: a disk failed, or what others certified contradicts this node's own execution.
    """
    bound_freed_memory()
    let_merging_step_back()
    _lift_open_files_limit()
    clock = Clock(Path(config.dev.clock_file) if config.dev.clock_file else None)
    stores, chain = open_home(home)
    try:
        # The signer first: a crash right after must not leave a store that looks used beside a signer that is not.
        signer = _open_signer(home, chain, stores)
        try:
            narrator = _make_narrator(config)
            transport_config = _transport_config(home, config, chain)
            async with open_transport(transport_config, on_refused=narrator.connection_refused) as transport:
                connected: tuple[PeerId, ...] | None = ()
                if config.sync.snapshot and isinstance(chain, NewChain):
                    joining = _make_joining(chain, clock=clock, stores=stores, transport=transport, narrator=narrator)
                    connected = await join(joining, read_log=lambda: read_config().log)
                if connected is None:
                    return
                chain = prepare_stores(stores, chain)
                if signer is not None:
                    _check_memory(signer, Archive(stores.blocks, stores.state))
                node = _assemble(
                    config,
                    chain=chain,
                    clock=clock,
                    stores=stores,
                    signer=signer,
                    transport=transport,
                    narrator=narrator,
                    data_directory=home.data_directory,
                    connected=connected,
                )
                await _run(node, on_ready=on_ready, read_config=read_config)
        finally:
            if signer is not None:
                signer.close()
    finally:
        stores.close()


def _open_signer(home: Home, chain: Chain, stores: Stores) -> FileSigner | None:
    """The signer of the validator keys in this home; None where there is none."""
    seeds = [read_seed(path) for path in (home.validator_key, home.next_validator_key) if path.exists()]
    if not seeds:
        return None
    is_new = stores.state.get(TIP_KEY) is None
    epoch = chain.first_epoch if is_new else Archive(stores.blocks, stores.state).current_epoch()
    keys = {public_key_of(seed) for seed in seeds}
    is_member = any(each.public_key in keys for each in epoch.validators.validators)
    if not is_member:
        log.warning("this home's consensus key is none of the chain's validators: following until it is")
    return open_signer(
        home.safety_state,
        seeds,
        chain.description.chain_id,
        epoch.validators,
        genesis_qc=epoch.genesis_qc,
        # Who is in no set has signed nothing of this epoch yet.
        create=is_new or not is_member,
    )


def _check_memory(signer: FileSigner, archive: Archive) -> None:
    """Refuse to sign with a safety state that the stores know to be an old one."""
    check_remembered(signer.safety, archive)
    if not is_voted_block_kept(signer.safety, archive):
        log.warning(
            "the block that this validator voted for last is not stored: the disk has not kept what was synced to it, "
            "or the stores are new"
        )


async def _run(
    node: RunningNode, *, on_ready: Callable[[NodeAddresses], None], read_config: Callable[[], NodeConfig]
) -> None:
    config = node.config
    with telling_position(lambda: (node.height, node.replica.core.round)):
        async with obeying_signals(lambda: read_config().log) as nursery:
            rpc: str = await nursery.start(
                partial(
                    serve,
                    node,
                    listen=config.rpc.listen,
                    cors_origins=config.rpc.cors_origins,
                    strangers_percent=config.rpc.strangers_percent,
                )
            )
            metrics = ""
            if config.metrics.listen:
                metrics = await nursery.start(partial(serve_metrics, node, listen=config.metrics.listen))
            nursery.start_soon(node.driver.run)
            on_ready(NodeAddresses(p2p=node.transport.listen_address, rpc=rpc, metrics=metrics))


def _assemble(
    config: NodeConfig,
    *,
    chain: Chain,
    clock: Clock,
    stores: Stores,
    signer: FileSigner | None,
    transport: Transport,
    narrator: Narrator,
    data_directory: Path,
    connected: tuple[PeerId, ...],
) -> RunningNode:
    archive = Archive(stores.blocks, stores.state)
    verifier = chain.make_verifier()
    metrics = NodeMetrics()
    peers = {
        entry.validator: PeerId(peer_id_from_public_key(entry.public_key))
        for entry in config.p2p.peers
        if entry.validator is not None
    }
    safety: SafetyState = chain.initial_safety(PublicKey(bytes(32))) if signer is None else signer.safety
    keys = () if signer is None else signer.keys
    replica = chain.make_replica(
        keys=keys,
        peers=peers,
        archive=archive,
        safety=safety,
        verifier=verifier,
        snapshots=SnapshotArchive(stores.snapshots),
        snapshot_interval=config.sync.snapshot_interval or None,
    )
    driver = Driver(
        replica=replica,
        intake=chain.make_intake(archive, verifier),
        signer=signer,
        stores=stores,
        transport=transport,
        clock=clock,
        metrics=metrics,
        narrator=narrator,
        data_directory=data_directory,
        connected=connected,
    )
    node = RunningNode(
        chain=chain,
        config=config,
        replica=replica,
        driver=driver,
        stores=stores,
        transport=transport,
        clock=clock,
        node_metrics=metrics,
    )
    watch(metrics, node)
    return node


def _make_joining(
    chain: NewChain, *, clock: Clock, stores: Stores, transport: Transport, narrator: Narrator
) -> JoiningDriver:
    verifier = chain.make_verifier()
    return JoiningDriver(
        chain.make_joining(state=stores.state, snapshots=stores.snapshots, verifier=verifier),
        intake=chain.make_intake(Archive(stores.blocks, stores.state), verifier),
        stores=stores,
        transport=transport,
        clock=clock,
        narrator=narrator,
    )


def _make_narrator(config: NodeConfig) -> Narrator:
    return Narrator(
        peers={PeerId(peer_id_from_public_key(entry.public_key)): entry.name for entry in config.p2p.peers},
        validators={entry.validator: entry.name for entry in config.p2p.peers if entry.validator is not None},
    )


def _transport_config(home: Home, config: NodeConfig, chain: Chain) -> TransportConfig:
    peers = tuple(
        PeerAddress(
            name=entry.name,
            peer_id=peer_id_from_public_key(entry.public_key),
            multiaddr=Multiaddress(entry.address),
            public_key=entry.public_key,
        )
        for entry in config.p2p.peers
    )
    return TransportConfig(
        chain_reference=chain.description.chain_id.partition(":")[2],
        host_seed=read_seed(home.node_key),
        listen_address=Multiaddress(config.p2p.listen),
        peers=peers,
        accept_unknown=config.p2p.accept_unknown,
        network_key=_read_network_key(home, config.p2p.network_key),
    )


def _read_network_key(home: Home, name: str) -> bytes | None:
    hint = "ask the operators of the private network for it, or make one with `openssl rand -hex 32`"
    return read_seed(home.config_directory / name, hint=hint) if name else None


def _lift_open_files_limit() -> None:
    """Take as many open files as the system lets this process have: connections and stores need them."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

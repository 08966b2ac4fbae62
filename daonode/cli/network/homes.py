"""What `testnet init` writes: a home for each validator, the genesis document, and the accounts with their words."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from daonode.cli.network.errors import TestnetError
from daonode.cli.network.people import MEMBERS, REGISTRAR, Person, entropy, make_people
from daonode.cli.network.ports import HOST
from daonode.client.keystore import Keystore
from daonode.gateway.settings import GatewayConfig, GatewaySection
from daonode.genesis.builder import NATIVE_UNIT, ChainPlan, Periods, build_document
from daonode.genesis.document import TEST_COIN_TYPE, ChainDescription, GenesisDocument
from daonode.indexer.settings import IndexerConfig, IndexerSection
from daonode.modules.accounts.genesis import GenesisAsset, GenesisBalance
from daonode.modules.identity.genesis import GenesisMember
from daonode.modules.treasury.genesis import GenesisLimit
from daonode.modules.validators.genesis import GenesisValidator
from daonode.modules.validators.types import validator_id
from daonode.node.config import (
    DevSection,
    MetricsSection,
    NodeConfig,
    NodeSection,
    P2pSection,
    PeerEntry,
    RpcSection,
    write_config,
)
from daonode.node.home import Home, write_seed
from daonode.primitives.addresses import encode_account
from daonode.primitives.ids import AssetId, ChainId, PublicKey, ValidatorId
from daonode.primitives.signatures import public_key_of
from daonode.primitives.times import MS_PER_DAY
from daonode.primitives.units import Amount, DurationMs, TimeMs
from daonode.process.settings import write_settings

MAX_VALIDATORS = 64
PORTS_EACH = 10
BALANCE = Amount(1_000_000 * NATIVE_UNIT)
TREASURY = (
    GenesisBalance(asset=AssetId("dao"), amount=Amount(10_000_000 * NATIVE_UNIT)),
    GenesisBalance(asset=AssetId("eur"), amount=Amount(250_000 * NATIVE_UNIT)),
    GenesisBalance(asset=AssetId("usd"), amount=Amount(500_000 * NATIVE_UNIT)),
)
OTHER_ASSETS = (GenesisAsset(id=AssetId("eur"), decimals=6), GenesisAsset(id=AssetId("usd"), decimals=6))
DAILY_OUTFLOW = Amount(1_000_000 * NATIVE_UNIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestnetPlan:
    """What a test network is made of. The same `seed` gives the same keys; without one they are random.

    `founders` are members from the beginning. Without a `base_port`, free ports are chosen when the network starts.
    """

    __test__ = False

    validators: int
    chain_id: ChainId
    periods: Periods
    deposit: Amount
    seed: str | None
    clock_file: Path | None = None
    founders: tuple[str, ...] = MEMBERS
    base_port: int | None = None


@dataclass(frozen=True, slots=True)
class ValidatorKeys:
    """The secrets of one validator."""

    name: str
    consensus_seed: bytes
    host_seed: bytes

    @property
    def public_key(self) -> PublicKey:
        """The consensus key that the genesis document names."""
        return public_key_of(self.consensus_seed)

    @property
    def host_key(self) -> PublicKey:
        """The libp2p host's key."""
        return public_key_of(self.host_seed)

    @property
    def id(self) -> ValidatorId:
        """The validator's id, which follows from its first consensus key."""
        return validator_id(self.public_key)


def make_testnet(directory: Path, plan: TestnetPlan) -> None:
    """Write the homes `node0`, `node1` and so on, `genesis.json` and `accounts.json` into an empty directory.

    Raises:
        TestnetError: the directory holds something already.
    """
    if directory.exists() and any(directory.iterdir()):
        raise TestnetError(f"{directory} is not empty; choose another directory, or remove it first")
    directory.mkdir(parents=True, exist_ok=True)
    people = make_people(plan.seed)
    validators = tuple(
        ValidatorKeys(
            name=f"node{index}",
            consensus_seed=entropy(plan.seed, f"validator/{index}", 32),
            host_seed=entropy(plan.seed, f"host/{index}", 32),
        )
        for index in range(plan.validators)
    )
    document = _document(plan, people, validators)
    (directory / "genesis.json").write_bytes(document.to_bytes())
    accounts = [
        {"name": each.name, "address": encode_account(each.wallet.address), "mnemonic": each.words} for each in people
    ]
    (directory / "accounts.json").write_text(json.dumps(accounts, indent=2) + "\n")
    for keys in validators:
        _make_home(
            Home(directory / keys.name), keys, validators=validators, document=document, people=people, plan=plan
        )
    _write_read_side(Home(directory / validators[0].name), plan)


def _document(plan: TestnetPlan, people: tuple[Person, ...], validators: tuple[ValidatorKeys, ...]) -> GenesisDocument:
    members = tuple(person for person in people if person.name in MEMBERS)
    registrar = next(person for person in people if person.name == REGISTRAR)
    return build_document(
        ChainPlan(
            chain=ChainDescription(chain_id=plan.chain_id, genesis_time=TimeMs(time.time_ns() // 1_000_000)),
            validators=tuple(
                GenesisValidator(
                    public_key=keys.public_key,
                    power=1,
                    payout_account=members[index % len(members)].wallet.address,
                    moniker=keys.name,
                    node_key=keys.host_key,
                )
                for index, keys in enumerate(validators)
            ),
            balances={person.wallet.address: BALANCE for person in people},
            members=tuple(
                GenesisMember(account=person.wallet.address, name=person.name)
                for person in members
                if person.name in plan.founders
            ),
            registrars=(registrar.wallet.address,),
            treasury=TREASURY,
            other_assets=OTHER_ASSETS,
            outflow_limits=(GenesisLimit(asset=AssetId("dao"), window=DurationMs(MS_PER_DAY), limit=DAILY_OUTFLOW),),
            periods=plan.periods,
            deposit=plan.deposit,
        )
    )


def _make_home(
    home: Home,
    keys: ValidatorKeys,
    *,
    validators: tuple[ValidatorKeys, ...],
    document: GenesisDocument,
    people: tuple[Person, ...],
    plan: TestnetPlan,
) -> None:
    home.create()
    write_seed(home.validator_key, keys.consensus_seed)
    write_seed(home.node_key, keys.host_seed)
    home.genesis.write_bytes(document.to_bytes())
    keystore = Keystore(home.keys_directory)
    for person in people:
        keystore.add(person.name, person.words, coin_type=TEST_COIN_TYPE, password=None)
    p2p, rpc, metrics = _ports(plan, validators.index(keys))
    config = NodeConfig(
        node=NodeSection(name=keys.name),
        p2p=P2pSection(
            listen=f"/ip4/{HOST}/tcp/{p2p}",
            peers=tuple(
                PeerEntry(name=each.name, public_key=each.host_key, address="", validator=each.id)
                for each in validators
            ),
        ),
        rpc=RpcSection(listen=f"{HOST}:{rpc}"),
        metrics=MetricsSection(listen=f"{HOST}:{metrics}"),
        dev=DevSection(clock_file="" if plan.clock_file is None else str(plan.clock_file)),
    )
    write_config(home.node_toml, config)


def _write_read_side(home: Home, plan: TestnetPlan) -> None:
    """Where an indexer and a gateway of this home listen, after the ports of all validators; where these are chosen
    when the network starts, so are theirs, and whose RPC they ask is written then."""
    first = None if plan.base_port is None else plan.base_port + plan.validators * PORTS_EACH
    gateway, gateway_metrics, indexer_metrics = (
        f"{HOST}:{0 if first is None else first + place}" for place in range(3)
    )
    rpc = GatewaySection().rpc if first is None else (f"http://{HOST}:{_ports(plan, 0)[1]}",)
    gateway_section = GatewaySection(listen=gateway, metrics_listen=gateway_metrics, rpc=rpc)
    write_settings(home.config_directory / "gateway.toml", GatewayConfig(gateway=gateway_section))
    indexer_section = IndexerSection(metrics_listen=indexer_metrics, rpc=rpc)
    write_settings(home.config_directory / "indexer.toml", IndexerConfig(indexer=indexer_section))


def _ports(plan: TestnetPlan, index: int) -> tuple[int, int, int]:
    """Ports for peers, RPC and metrics; 0 stands for one that is chosen when the network starts, and written then."""
    if plan.base_port is None:
        return 0, 0, 0
    first = plan.base_port + index * PORTS_EACH
    return first, first + 1, first + 4

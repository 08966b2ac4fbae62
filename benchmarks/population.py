"""Who lives on a benchmark's chain, what they vote on, and their signed votes; and the homes of its validators.

Every account is a member and holds native coins. A vote is a transaction of one message, signed by one key, in lane 0;
in round `n` every account casts its first ballot on proposal `n`, so no round is cheaper than another. After
`MAX_PROPOSALS` rounds there are no more, and in each further one everyone has changed their mind on one of them.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daonode.cli.network.homes import ValidatorKeys
from daonode.cli.network.ports import HOST
from daonode.client.transactions import SignedTransaction, make_body, make_call, sign_body
from daonode.client.wallet import Wallet
from daonode.genesis.builder import COMMUNITY_TRACK, DEFAULT_DEPOSIT, NATIVE_UNIT, ChainPlan, Periods, build_document
from daonode.genesis.document import ChainDescription, ConsensusParams, GenesisDocument
from daonode.ledger.registry import Registry
from daonode.modules.governance.messages import SubmitProposal, Vote
from daonode.modules.governance.types import ProposalId, ProposalIdentity, proposal_id
from daonode.modules.identity.genesis import GenesisMember
from daonode.modules.validators.genesis import GenesisValidator
from daonode.node.config import MetricsSection, NodeConfig, NodeSection, P2pSection, PeerEntry, RpcSection, write_config
from daonode.node.home import Home, write_seed
from daonode.primitives.codec import Record
from daonode.primitives.ids import ChainId
from daonode.primitives.times import MS_PER_DAY
from daonode.primitives.units import Amount, DurationMs, TimeMs

CHAIN_ID: Final = ChainId("daonode:bench")
MAX_PROPOSALS: Final = 32
"""As many as the track decides at one time."""
BALANCE: Final = Amount(1_000 * NATIVE_UNIT)
DEPOSIT: Final = Amount(50 * DEFAULT_DEPOSIT)
"""More than is asked for when many proposals are open."""
VOTE_GAS_LIMIT: Final = 15_000
PROPOSAL_GAS_LIMIT: Final = 1_000_000
VALIDATORS: Final = 4
ROUND_TIMEOUT_MS: Final = int(ConsensusParams().timeout_base)
"""That of a chain which says nothing else."""


@dataclass(frozen=True, slots=True)
class Population:
    """Accounts by number, made from nothing but their numbers. Account `n` submits proposal `n`."""

    wallets: tuple[Wallet, ...]
    genesis_time: TimeMs

    @classmethod
    def of(cls, accounts: int) -> Population:
        """That many accounts, on a chain that begins now."""
        wallets = tuple(Wallet.from_seed(_entropy(f"account/{number}")) for number in range(accounts))
        return cls(wallets, TimeMs(time.time_ns() // 1_000_000))

    def document(self, *, round_timeout_ms: int = ROUND_TIMEOUT_MS) -> GenesisDocument:
        """The genesis document: everyone a member, four validators, votes that last a day."""
        consensus = ConsensusParams(timeout_base=DurationMs(round_timeout_ms))
        return build_document(
            ChainPlan(
                chain=ChainDescription(chain_id=CHAIN_ID, genesis_time=self.genesis_time, consensus=consensus),
                validators=tuple(
                    GenesisValidator(
                        public_key=keys.public_key,
                        power=1,
                        payout_account=self.wallets[0].address,
                        moniker=keys.name,
                        node_key=keys.host_key,
                    )
                    for keys in VALIDATOR_KEYS
                ),
                balances={wallet.address: BALANCE for wallet in self.wallets},
                members=tuple(
                    GenesisMember(account=wallet.address, name=f"member {number}")
                    for number, wallet in enumerate(self.wallets)
                ),
                periods=Periods.short(voting=DurationMs(MS_PER_DAY), timelock=DurationMs(0)),
            )
        )

    def proposals(self, registry: Registry, count: int) -> list[SignedTransaction]:
        """The transactions that submit the proposals, one each, in order."""
        return [
            self._sign(
                registry,
                SubmitProposal(
                    track=COMMUNITY_TRACK,
                    kind="standard",
                    title=f"Proposal {number}",
                    body="Shall we?",
                    actions=(),
                    deposit=DEPOSIT,
                ),
                account=number,
                lane=1,
                sequence=0,
                gas_limit=PROPOSAL_GAS_LIMIT,
            )
            for number in range(count)
        ]

    def votes(self, registry: Registry, accounts: Sequence[int], *, round_number: int) -> list[SignedTransaction]:
        """The votes of some accounts in a round."""
        proposal = self._proposal(round_number % MAX_PROPOSALS)
        has_changed = bool(round_number // MAX_PROPOSALS % 2)
        return [
            self._sign(
                registry,
                Vote(proposal=proposal, choice="yes" if bool(number % 3) is not has_changed else "no"),
                account=number,
                lane=0,
                sequence=round_number,
                gas_limit=VOTE_GAS_LIMIT,
            )
            for number in accounts
        ]

    def _proposal(self, number: int) -> ProposalId:
        sender = self.wallets[number].address
        return proposal_id(ProposalIdentity(chain_id=CHAIN_ID, sender=sender, lane=1, sequence=0, message_index=0))

    def _sign(
        self, registry: Registry, message: Record, *, account: int, lane: int, sequence: int, gas_limit: int
    ) -> SignedTransaction:
        wallet = self.wallets[account]
        body = make_body(
            [make_call(registry, message)],
            chain_id=CHAIN_ID,
            sender=wallet.address,
            lane=lane,
            sequence=sequence,
            expires_at_ms=self.genesis_time + MS_PER_DAY // 2,
            gas_limit=gas_limit,
            max_fee=gas_limit,
        )
        return sign_body(body, (wallet,))


def make_homes(directory: Path, document: GenesisDocument, *, accept_unknown: bool = False) -> None:
    """Write the homes `node0` and so on, with ports to be chosen when they start."""
    (directory / "genesis.json").write_bytes(document.to_bytes())
    peers = tuple(
        PeerEntry(name=keys.name, public_key=keys.host_key, address="", validator=keys.id) for keys in VALIDATOR_KEYS
    )
    for keys in VALIDATOR_KEYS:
        home = Home(directory / keys.name)
        home.create()
        write_seed(home.validator_key, keys.consensus_seed)
        write_seed(home.node_key, keys.host_seed)
        home.genesis.hardlink_to(directory / "genesis.json")
        write_config(
            home.node_toml,
            NodeConfig(
                node=NodeSection(name=keys.name),
                p2p=P2pSection(listen=f"/ip4/{HOST}/tcp/0", accept_unknown=accept_unknown, peers=peers),
                rpc=RpcSection(listen=f"{HOST}:0"),
                metrics=MetricsSection(listen=f"{HOST}:0"),
            ),
        )


def _entropy(label: str) -> bytes:
    return hashlib.sha256(f"daonode/bench/{label}".encode()).digest()


VALIDATOR_KEYS: Final = tuple(
    ValidatorKeys(f"node{index}", _entropy(f"validator/{index}"), _entropy(f"host/{index}"))
    for index in range(VALIDATORS)
)

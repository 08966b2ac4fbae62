"""The small chain that runs are played on: few accounts, equal validators, cheap signatures for consensus.

Consensus signatures here are a hash keyed with the validator's secret, which only this file can make or check: a run
makes and checks thousands, and what they prove (who said what) is the same. Transactions keep real Ed25519, which the
ledger verifies. `check_signature` is the one seam, and the default everywhere else is the real one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from daonode.genesis.builder import ChainPlan, Periods, build_document
from daonode.genesis.document import ChainDescription, ConsensusParams, load_document
from daonode.ledger.transactions import Call, Transaction, TxBody, TxSignature, tx_id
from daonode.modules.accounts.messages import Transfer
from daonode.modules.accounts.policies import account_id
from daonode.modules.accounts.types import KeyPolicy
from daonode.modules.validators.genesis import GenesisValidator
from daonode.modules.validators.module import ValidatorsModule
from daonode.modules.validators.params import Params
from daonode.primitives.codec import Record, encode
from daonode.primitives.ids import Address, AssetId, ChainId, PublicKey, Signature, ValidatorId
from daonode.primitives.signatures import public_key_of, sign
from daonode.primitives.units import Amount, DurationMs, TimeMs
from daonode.replica.bootstrap import NewChain, make_chain

CHAIN_ID = ChainId("daonode:simulation")
GENESIS_MS = 1_000_000_000
TIMEOUT_BASE_MS = 500
BLOCK_INTERVAL_MS = 20
ACCOUNT_COUNT = 4
VALIDATORS_ACCOUNT = 0
"""The account that speaks for all validators."""
EPOCH_BLOCKS = 10_000
"""More than any run has, so that it is one epoch."""
BALANCE = Amount(10**15)
EXPIRY_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Secret:
    """A validator's key of the cheap scheme."""

    seed: bytes
    public_key: PublicKey

    def sign(self, message: bytes) -> Signature:
        """The signature over a message."""
        return _cheap_signature(self.seed, message)


@dataclass(frozen=True, slots=True)
class World:
    """A chain with the secrets of its validators, in the order of the set, and of its accounts.

    `spare_secrets` are the keys that validators may change to.
    """

    chains: tuple[NewChain, ...]
    """The same chain, loaded once for each validator, so that nothing is shared between their modules."""
    validators: tuple[ValidatorId, ...]
    secrets: tuple[Secret, ...]
    spare_secrets: tuple[Secret, ...]
    account_seeds: tuple[bytes, ...]

    @property
    def chain(self) -> NewChain:
        """The chain, for whoever is no validator."""
        return self.chains[0]

    def account_address(self, account: int) -> Address:
        """The address of an account."""
        return address_of(self.account_seeds[account])

    def check_signature(self, public_key: PublicKey, message: bytes, signature: Signature) -> bool:
        """Check a signature of the cheap scheme."""
        return _check_signature(public_key, message, signature)

    def transfer(self, *, account: int, lane: int, sequence: int, now_ms: int) -> bytes:
        """An encoded, signed transfer from an account to the next one."""
        destination = address_of(self.account_seeds[(account + 1) % len(self.account_seeds)])
        message = Transfer(destination=destination, asset=AssetId("dao"), amount=Amount(1 + sequence % 7))
        return self.transaction(
            "accounts.Transfer", message, account=account, lane=lane, sequence=sequence, now_ms=now_ms
        )

    def transaction(self, type_: str, message: Record, *, account: int, lane: int, sequence: int, now_ms: int) -> bytes:
        """An encoded, signed transaction of an account with one message."""
        seed = self.account_seeds[account]
        body = encode(
            TxBody(
                version=1,
                chain_id=CHAIN_ID,
                sender=address_of(seed),
                lane=lane,
                sequence=sequence,
                expires_at_ms=now_ms + EXPIRY_MS,
                gas_limit=100_000,
                max_fee=10**9,
                messages=(Call(type=type_, body=encode(message)),),
                memo="",
            )
        )
        signature = TxSignature(public_key=_account_key(seed), signature=sign(seed, tx_id(body)))
        return encode(Transaction(body=body, signatures=(signature,)))


def seed_of_account(account: int) -> bytes:
    """What the key of an account is made of."""
    return bytes([100 + account]) * 32


@lru_cache(maxsize=ACCOUNT_COUNT)
def address_of(seed: bytes) -> Address:
    """The account of a key."""
    return account_id(KeyPolicy(public_key=_account_key(seed)))


@lru_cache(maxsize=ACCOUNT_COUNT)
def _account_key(seed: bytes) -> PublicKey:
    return public_key_of(seed)


@lru_cache(maxsize=4)
def make_world(validator_count: int, *, epoch_blocks: int = EPOCH_BLOCKS, powers: tuple[int, ...] = (1,)) -> World:
    """The chain of so many validators, whose epochs end after so many blocks; made once a process: it never changes.

    `powers` are theirs in turn.
    """
    seeds = [_secret_seed(index) for index in range(validator_count)]
    account_seeds = tuple(map(seed_of_account, range(ACCOUNT_COUNT)))
    keys = {_public_key(seed): seed for seed in seeds}
    plan = ChainPlan(
        chain=ChainDescription(
            chain_id=CHAIN_ID,
            genesis_time=TimeMs(GENESIS_MS),
            consensus=ConsensusParams(
                timeout_base=DurationMs(TIMEOUT_BASE_MS),
                min_block_interval=DurationMs(BLOCK_INTERVAL_MS),
            ),
        ),
        validators=tuple(
            GenesisValidator(
                public_key=key,
                power=powers[index % len(powers)],
                payout_account=address_of(account_seeds[VALIDATORS_ACCOUNT]),
                moniker=f"validator-{index}",
            )
            for index, key in enumerate(keys)
        ),
        validators_params=Params(epoch_blocks=epoch_blocks),
        balances={address_of(seed): BALANCE for seed in account_seeds},
        periods=Periods.short(voting=DurationMs(10_000), timelock=DurationMs(1_000)),
    )
    data = build_document(plan).to_bytes()
    chains = tuple(load_chain(data) for _ in range(validator_count))
    members = chains[0].validators.validators
    return World(
        chains=chains,
        validators=tuple(member.id for member in members),
        secrets=tuple(Secret(keys[member.public_key], member.public_key) for member in members),
        spare_secrets=tuple(_secret(_secret_seed(MAX_VALIDATORS // 2 + index)) for index in range(validator_count)),
        account_seeds=account_seeds,
    )


def load_chain(document: bytes) -> NewChain:
    """The chain of an encoded document, whose ledger judges evidence by the cheap scheme too."""
    chain = make_chain(load_document(document))
    assert isinstance(chain.source, ValidatorsModule)
    chain.source.court.check_signature = _check_signature
    return chain


MAX_VALIDATORS = 64
"""Half of them keys that validators begin with, half keys that they may change to."""


@lru_cache(maxsize=MAX_VALIDATORS)
def _seed_of(public_key: PublicKey) -> bytes | None:
    return next((seed for seed in map(_secret_seed, range(MAX_VALIDATORS)) if _public_key(seed) == public_key), None)


def _secret(seed: bytes) -> Secret:
    return Secret(seed, _public_key(seed))


def _secret_seed(index: int) -> bytes:
    return hashlib.sha256(f"secret of validator {index}".encode()).digest()


def _public_key(seed: bytes) -> PublicKey:
    return PublicKey(hashlib.sha256(b"public" + seed).digest())


def _check_signature(public_key: PublicKey, message: bytes, signature: Signature) -> bool:
    secret = _seed_of(public_key)
    return secret is not None and signature == _cheap_signature(secret, message)


def _cheap_signature(seed: bytes, message: bytes) -> Signature:
    return Signature(2 * hashlib.sha256(seed + message).digest())

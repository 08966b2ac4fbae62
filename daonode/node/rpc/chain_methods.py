"""Methods about blocks: where the chain stands, what was committed, why it is final, who validates."""

from __future__ import annotations

from functools import partial

from daonode import __version__
from daonode.consensus.types import CommitProof, ValidatorSet
from daonode.ledger.session import NO_TRANSACTION
from daonode.node.rpc.costs import WORK
from daonode.node.rpc.errors import InvalidInput, NotFound, not_found
from daonode.node.rpc.forms import json_object
from daonode.node.rpc.method import RpcNode, method
from daonode.node.rpc.results import (
    BlockResult,
    CertificateResult,
    ChainIdResult,
    EpochsResult,
    MempoolResult,
    NodeDescription,
    StatusResult,
    ValidatorForm,
    ValidatorsResult,
)
from daonode.primitives.codec import Record
from daonode.primitives.ids import BlockId
from daonode.primitives.json_texts import Count, decimal, hex_text, time_text, validator_text
from daonode.replica.archive import Archive
from daonode.replica.layout import CommittedBlock

MAX_CHANGES = 16
"""Ends of epochs in one answer: with the largest sets about a megabyte."""


class NoParameters(Record, frozen=True):
    """Nothing."""


class BlockParameters(Record, frozen=True):
    """A block by its height or its id; the latest without either."""

    height: Count | None = None
    id: BlockId | None = None


class HeightParameters(Record, frozen=True):
    """A height."""

    height: Count


class EpochsParameters(Record, frozen=True):
    """The first epoch whose end is asked for; at most `MAX_CHANGES` are answered."""

    from_epoch: Count


class ValidatorsParameters(Record, frozen=True):
    """The height of a block whose validators are meant; those of the next block without one."""

    height: Count | None = None


async def status(node: RpcNode, _: NoParameters) -> StatusResult:
    """Where the node and its chain stand."""
    api = node.api
    header = (await node.read(latest_block)).header
    return StatusResult(
        chain_id=api.chain_id,
        height=header.height,
        round=header.round,
        catching_up=api.catching_up,
        time=time_text(header.time_ms),
        clock=time_text(api.now_ms()),
        block_id=hex_text(header.id()),
        state_root=hex_text(header.state_root),
        genesis_hash=hex_text(api.genesis_hash),
        node=NodeDescription(name=api.name, version=__version__),
        validator=None if api.own_validator is None else validator_text(api.own_validator),
        peers=sum(peer.connected for peer in api.peers),
        mempool=MempoolResult(transactions=api.mempool.transactions, bytes=api.mempool.bytes),
    )


async def chain_id(node: RpcNode, _: NoParameters) -> ChainIdResult:
    """Which chain this is."""
    return ChainIdResult(chain_id=node.api.chain_id)


async def get_block(node: RpcNode, parameters: BlockParameters) -> BlockResult:
    """A committed block, with the ids of its transactions."""
    if parameters.height is not None and parameters.id is not None:
        raise InvalidInput("both height and id are given", reason="ambiguous", hint="give one of them, or neither")
    return await node.read(partial(_read_block, parameters=parameters))


async def get_certificate(node: RpcNode, parameters: HeightParameters) -> CertificateResult:
    """A committed header with the proof that it is final."""
    return await node.read(partial(_read_certificate, height=parameters.height))


async def get_validators(node: RpcNode, parameters: ValidatorsParameters) -> ValidatorsResult:
    """The validator set, by id."""
    validators = node.api.validators
    if parameters.height is not None:
        validators = await node.read(partial(_read_set, height=parameters.height))
    members = [
        ValidatorForm(id=validator_text(each.id), public_key=hex_text(each.public_key), power=decimal(each.power))
        for each in validators.validators
    ]
    return ValidatorsResult(epoch=validators.epoch, total_power=decimal(validators.total_power), validators=members)


async def get_epochs(node: RpcNode, parameters: EpochsParameters) -> EpochsResult:
    """What takes whoever knows the set of one epoch to the next ones."""
    return await node.read(partial(_read_changes, first=parameters.from_epoch))


def latest_block(archive: Archive) -> CommittedBlock:
    """The committed block at the tip."""
    return committed_at(archive, archive.tip().height)


def committed_at(archive: Archive, height: int) -> CommittedBlock:
    """The committed block at a height.

    Raises:
        NotFound: it is above the tip, or below what this node keeps.
    """
    committed = archive.committed(height)
    if committed is None:
        raise _missing(archive, height)
    return committed


def _missing(archive: Archive, height: int) -> NotFound:
    tip_height, base = archive.tip().height, archive.base()
    if base is None or height > tip_height:
        return not_found(f"no committed block at height {height}", hint=f"the chain is at height {tip_height}")
    return not_found(
        f"this node does not keep the block at height {height}: it began with a snapshot of height {base.height}",
        hint="ask a node that keeps all blocks",
    )


def _read_block(archive: Archive, *, parameters: BlockParameters) -> BlockResult:
    return block_result(archive, _find_block(archive, parameters))


def block_result(archive: Archive, committed: CommittedBlock) -> BlockResult:
    """How a committed block is shown."""
    header = committed.header
    block = archive.block(committed.block_id)
    base = archive.base()
    if block is None and base is not None and 0 < header.height <= base.height:
        raise _missing(archive, header.height)
    receipts = archive.receipts(header.height)
    return BlockResult(
        id=hex_text(committed.block_id),
        height=header.height,
        time=time_text(header.time_ms),
        round=header.round,
        epoch=header.epoch,
        proposer=validator_text(header.proposer),
        parent_id=hex_text(header.parent_id),
        state_root=hex_text(header.state_root),
        receipts_root=hex_text(header.receipts_root),
        payload_bytes=0 if block is None else len(block.payload),
        transactions=[hex_text(receipt.tx_id) for receipt in receipts if receipt.tx_id != NO_TRANSACTION],
        header=json_object(header),
    )


def _find_block(archive: Archive, parameters: BlockParameters) -> CommittedBlock:
    if parameters.id is None:
        return committed_at(archive, archive.tip().height if parameters.height is None else parameters.height)
    block = archive.block(parameters.id)
    committed = None if block is None else archive.committed(block.header.height)
    if committed is None or committed.block_id != parameters.id:
        raise not_found(
            f"no committed block has the id 0x{parameters.id.hex()}", hint="ask for the genesis block by its height"
        )
    return committed


def _read_certificate(archive: Archive, *, height: int) -> CertificateResult:
    header = committed_at(archive, height).header
    finality = archive.finality(height)
    if finality is None:
        raise not_found(
            f"the block at height {height} has no certificate",
            hint="the genesis block is final without one: compare its id with that of your genesis document",
        )
    return CertificateResult(
        height=height,
        header=json_object(header),
        proof=json_object(finality.proof, CommitProof),
        descendants=[json_object(descendant) for descendant in finality.descendants],
    )


def _read_set(archive: Archive, *, height: int) -> ValidatorSet:
    number = committed_at(archive, height).header.epoch
    epoch = archive.epoch(number)
    if epoch is None:
        raise not_found(f"this node does not keep the set of epoch {number}", hint="ask a node that has it")
    return epoch.validators


def _read_changes(archive: Archive, *, first: int) -> EpochsResult:
    present = archive.current_epoch().validators.epoch
    changes = [archive.epoch_change(number) for number in range(first, min(present, first + MAX_CHANGES))]
    return EpochsResult(epoch=present, changes=[json_object(change) for change in changes if change is not None])


CHAIN_METHODS = (
    method("dao_status", NoParameters, StatusResult, status),
    method("dao_chainId", NoParameters, ChainIdResult, chain_id),
    method("dao_getBlock", BlockParameters, BlockResult, get_block, cost=WORK),
    method("dao_getCertificate", HeightParameters, CertificateResult, get_certificate, cost=WORK),
    method("dao_getEpochs", EpochsParameters, EpochsResult, get_epochs, cost=WORK),
    method("dao_getValidators", ValidatorsParameters, ValidatorsResult, get_validators),
)

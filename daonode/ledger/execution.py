"""What a block does to the state: due deadlines, block begin of each module, transactions in order, block end.

`BlockExecution` is driven step by step, because a proposer chooses transactions while it executes (`building.py`) and a
voter has them given (`application.py`). Whatever the bytes, only the documented errors leave it; a module's refusal
outside a transaction is contained, so that nothing in the state can stop the chain. Everything is a function of the
parent state, the block and the transactions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from daonode.ledger.block import SUCCESS, BlockInfo, EventRecord, Receipt
from daonode.ledger.checking import CheckedTransaction, check_admission, decode_transaction
from daonode.ledger.context import Context
from daonode.ledger.deadlines import (
    MAX_DEADLINES_PER_BLOCK,
    Deadline,
    cancel_deadline,
    first_deadline,
    next_deadline_ms,
)
from daonode.ledger.errors import BlockFull, InvalidValue, TransactionError
from daonode.ledger.events import BlockWorkFailed, DeadlineFailed
from daonode.ledger.gas import BLOCK_WORK_GAS, DEADLINES_GAS, GasMeter
from daonode.ledger.module import Authenticator
from daonode.ledger.origins import module_address
from daonode.ledger.overlay import Overlay
from daonode.ledger.params import load_params
from daonode.ledger.registry import LEDGER_NAME, Registry
from daonode.ledger.session import NO_TRANSACTION, Session
from daonode.ledger.state import StateReader
from daonode.ledger.transactions import MAX_MESSAGES
from daonode.primitives.codec import Record
from daonode.primitives.errors import PrimitiveError
from daonode.primitives.ids import Address, TxId

MAX_ERROR_CHARACTERS: Final = 500
PAYLOAD_HEAD_BYTES: Final = 16
"""At most what the encoding of a payload adds around what is in it: the heads of three arrays."""
ITEM_HEAD_BYTES: Final = 5
"""At most what it adds to each transaction, and to each piece of evidence."""

SignatureCheck = Callable[[CheckedTransaction], None]
"""Verifies a transaction's signatures or raises `InvalidSignature`."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a chain executes with: its modules, who authenticates, and how signatures are checked."""

    registry: Registry
    authenticator: Authenticator
    check_signatures: SignatureCheck
    decode: Callable[[bytes], CheckedTransaction] = decode_transaction


@dataclass(frozen=True, slots=True)
class ExecutedBlock:
    """What a block made of the state, before it is committed to by the tree."""

    writes: tuple[tuple[bytes, bytes | None], ...]
    receipts: tuple[Receipt, ...]
    next_deadline_ms: int | None


class BlockExecution:
    """One block in the making. Call `begin` once, `apply` for each transaction, `finish` once."""

    def __init__(self, machine: Machine, parent: StateReader, info: BlockInfo) -> None:
        self._machine = machine
        self._overlay = Overlay(parent)
        self._info = info
        self._params = load_params(parent)
        self._receipts: list[Receipt] = []
        self._block_events: list[EventRecord] = []
        self._block_gas_used = 0
        self._next_call_number = 0
        self._byte_count = PAYLOAD_HEAD_BYTES + sum(ITEM_HEAD_BYTES + len(each) for each in info.evidence)
        self._gas_used = 0

    @property
    def gas_used(self) -> int:
        """What the transactions so far have used."""
        return self._gas_used

    def begin(self) -> None:
        """Work off what is due, then let every module begin the block."""
        for _ in range(MAX_DEADLINES_PER_BLOCK):
            deadline = first_deadline(self._overlay)
            if deadline is None or deadline.time_ms > self._info.time_ms or self._block_gas_used >= DEADLINES_GAS:
                break
            self._meet(deadline)
        for module in self._machine.registry.modules:
            error = self._run_block_work(module.name, module.begin_block)
            self._report_block_work(error, module=module.name, step="begin_block")

    def apply(self, raw: bytes) -> Receipt:
        """Execute one transaction; whether its messages succeed, it pays and uses its sequence.

        Raises:
            TransactionError: it cannot be included. Nothing has changed.
            BlockFull: it would exceed a limit of the block. Nothing has changed.
        """
        tx = self._machine.decode(raw)
        check_admission(tx, chain_id=self._info.chain_id, params=self._params, time_ms=self._info.time_ms)
        self._check_room(tx)
        self._machine.check_signatures(tx)
        receipt = self._execute(tx)
        self._overlay.forget_savepoints()
        self._byte_count += ITEM_HEAD_BYTES + len(raw)
        self._gas_used += receipt.gas_used
        self._receipts.append(receipt)
        return receipt

    def finish(self) -> ExecutedBlock:
        """Let every module end the block, and take stock."""
        for module in self._machine.registry.modules:
            error = self._run_block_work(module.name, module.end_block)
            self._report_block_work(error, module=module.name, step="end_block")
        if self._block_events:
            self._receipts.append(_receipt(NO_TRANSACTION, gas_used=0, fee=0, events=self._block_events))
        return ExecutedBlock(
            writes=self._overlay.changes(),
            receipts=tuple(self._receipts),
            next_deadline_ms=next_deadline_ms(self._overlay),
        )

    def _check_room(self, tx: CheckedTransaction) -> None:
        params = self._params
        if len(self._receipts) >= params.max_block_transactions:
            raise BlockFull(f"the block has {params.max_block_transactions} transactions already")
        byte_count = self._byte_count + ITEM_HEAD_BYTES + len(tx.raw)
        if byte_count > params.max_block_bytes:
            raise BlockFull(f"the block would have {byte_count} bytes, at most {params.max_block_bytes} are allowed")
        # What those before have used, not what they were allowed: a limit far above the use takes nobody's room.
        gas = self._gas_used + tx.body.gas_limit
        if gas > params.max_block_gas:
            raise BlockFull(f"the block might use {gas} gas, {params.max_block_gas} at most are allowed")

    def _execute(self, tx: CheckedTransaction) -> Receipt:
        """Charge the sender in full, run the messages all or none, and give back what was not used."""
        body, authenticator = tx.body, self._machine.authenticator
        session = self._transaction_session(tx, gas=GasMeter(body.gas_limit))
        session.gas.charge(tx.intrinsic_gas)
        # What the authenticator does is in the price of a transaction, so it cannot run out of the sender's gas.
        account_work = self._transaction_session(tx, gas=GasMeter(BLOCK_WORK_GAS))
        context = account_work.context(caller=body.sender, index=0)
        charged = self._params.fee_of(body.gas_limit)
        try:
            with account_work.atomic():
                authenticator.begin_transaction(
                    context,
                    sender=body.sender,
                    signers=tx.signers,
                    lane=body.lane,
                    sequence=body.sequence,
                    fee=charged,
                )
                error = _run_messages(session, tx)
                fee = self._params.fee_of(session.gas.used)
                before_finish = len(account_work.events)
                authenticator.finish_transaction(context, sender=body.sender, charged=charged, fee=fee)
        except PrimitiveError as refusal:
            raise InvalidValue(str(refusal)) from refusal
        events = account_work.events[:before_finish] + session.events + account_work.events[before_finish:]
        return _receipt(tx.id, gas_used=session.gas.used, fee=fee, events=events, error=error)

    def _transaction_session(self, tx: CheckedTransaction, *, gas: GasMeter) -> Session:
        return Session(
            registry=self._machine.registry,
            overlay=self._overlay,
            block=self._info,
            gas=gas,
            tx_id=tx.id,
            sender=tx.body.sender,
            lane=tx.body.lane,
            sequence=tx.body.sequence,
            next_call_number=MAX_MESSAGES,
        )

    def _meet(self, deadline: Deadline) -> None:
        cancel_deadline(self._overlay, time_ms=deadline.time_ms, module=deadline.module, item=deadline.item)

        def work(context: Context) -> None:
            self._machine.registry.module(deadline.module).on_deadline(context, deadline.item)

        error = self._run_block_work(deadline.module, work)
        if error is not None:
            self._emit(DeadlineFailed(module=deadline.module, item=deadline.item, code=error.code, reason=error.reason))

    def _run_block_work(self, module: str, work: Callable[[Context], None]) -> TransactionError | None:
        """Run a module's own work atomically; a refusal is returned, not raised."""
        session = self._block_session(module_address(module))
        index = session.next_call_number
        session.next_call_number += 1
        error: TransactionError | None = None
        try:
            with session.atomic():
                work(session.context(caller=session.sender, index=index))
        except TransactionError as refusal:
            error = refusal
        except PrimitiveError as refusal:
            error = InvalidValue(str(refusal))
        self._overlay.forget_savepoints()
        self._block_gas_used += session.gas.used
        self._next_call_number = session.next_call_number
        self._block_events.extend(session.events)
        return error

    def _report_block_work(self, error: TransactionError | None, *, module: str, step: str) -> None:
        if error is not None:
            self._emit(BlockWorkFailed(module=module, step=step, code=error.code, reason=error.reason))

    def _emit(self, event: Record) -> None:
        session = self._block_session(module_address(LEDGER_NAME))
        session.context(caller=session.sender, index=0).emit(event)
        self._block_events.extend(session.events)

    def _block_session(self, sender: Address) -> Session:
        return Session(
            registry=self._machine.registry,
            overlay=self._overlay,
            block=self._info,
            gas=GasMeter(BLOCK_WORK_GAS),
            tx_id=NO_TRANSACTION,
            sender=sender,
            lane=0,
            sequence=self._info.height,
            next_call_number=self._next_call_number,
        )


def _run_messages(session: Session, tx: CheckedTransaction) -> TransactionError | None:
    """Run all messages, or none when one refuses; the refusal is returned."""
    try:
        with session.atomic():
            for index, call in enumerate(tx.body.messages):
                session.run_call(call, caller=tx.body.sender, index=index)
    except TransactionError as refusal:
        return refusal
    return None


def _receipt(
    tx_id: TxId,
    *,
    gas_used: int,
    fee: int,
    events: list[EventRecord],
    error: TransactionError | None = None,
) -> Receipt:
    return Receipt(
        tx_id=tx_id,
        code=SUCCESS if error is None else error.code,
        error="" if error is None else error.message[:MAX_ERROR_CHARACTERS],
        gas_used=gas_used,
        fee=fee,
        events=tuple(events),
    )

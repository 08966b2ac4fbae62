"""Sending messages for a command: planned, signed with the sender's key, waited for, and told as one result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daonode.cli.output import JsonObject
from daonode.cli.session import Session
from daonode.client.answers import TransactionAnswer
from daonode.client.submission import submit, submit_and_wait
from daonode.client.transactions import TxOptions, make_call, plan, sign_body
from daonode.ledger.transactions import Call, TxBody
from daonode.primitives.codec import Record
from daonode.primitives.ids import TxId


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that was sent; `answer` is None where it was not waited for."""

    tx_id: TxId
    body: TxBody
    answer: TransactionAnswer | None

    def shown(self) -> JsonObject:
        """Id and height, and what it cost once it is known."""
        shown: JsonObject = {"tx_id": f"0x{self.tx_id.hex()}", "height": None}
        if self.answer is not None and self.answer.receipt is not None:
            receipt = self.answer.receipt
            shown |= {"height": self.answer.height, "gas_used": str(receipt.gas_used), "fee": str(receipt.fee)}
        return shown

    def event(self, type_: str) -> JsonObject:
        """The fields of the first event of a type, or none."""
        if self.answer is None or self.answer.receipt is None:
            return {}
        found = self.answer.receipt.event(type_)
        return {} if found is None else found.value


def send(session: Session, messages: Sequence[Record]) -> Sent:
    """Sign messages with the sender's key and send them, waiting for the commit unless told otherwise.

    Raises:
        ClientError: as `submit_and_wait`, `plan` and the keystore do.
    """
    registry = session.genesis.registry
    return send_calls(session, [make_call(registry, message) for message in messages])


def send_calls(session: Session, calls: Sequence[Call]) -> Sent:
    """The same for messages that are encoded already."""
    wallet = session.unlock(session.sender_name())
    options = TxOptions(lane=session.lane, gas_limit=session.gas_limit, max_fee=session.max_fee)
    # Before what the other chain would say of an account that it does not know.
    session.check_chain(session.rpc.status().chain_id)
    body = plan(session.rpc, calls, sender=wallet.address, signers=(wallet.public_key,), options=options)
    session.check_chain(body.chain_id)
    transaction = sign_body(body, (wallet,))
    if not session.wait:
        return Sent(tx_id=submit(session.rpc, transaction), body=body, answer=None)
    answer = submit_and_wait(session.rpc, transaction, expires_at_ms=body.expires_at_ms, timeout_s=session.timeout_s)
    return Sent(tx_id=answer.tx_id, body=body, answer=answer)

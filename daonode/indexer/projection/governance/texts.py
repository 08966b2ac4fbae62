"""The text and the calls of proposals: not in events, but in the message that submitted them.

A message of a transaction is found by the proposal's id, which is a hash of its place. A proposal that another one's
execution submits is found among the calls of that one, in their order. Either counts only where its text has the hash
that the event gives; without one a proposal has no body and no actions here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from daonode.indexer.decoding import DecodedBlock, DecodedEvent
from daonode.modules.governance.events import ProposalMoved, ProposalSubmitted
from daonode.modules.governance.messages import SubmitProposal
from daonode.modules.governance.types import ProposalId, ProposalIdentity, proposal_id, text_hash

ActionsOf = Callable[[ProposalId], Sequence[SubmitProposal]]
"""What a proposal submits when it is executed, in order."""


def find_texts(block: DecodedBlock, actions_of: ActionsOf) -> dict[ProposalId, SubmitProposal]:
    """The message behind each proposal that a block submits."""
    wanted = [event for event in block.happened if isinstance(event.fields, ProposalSubmitted)]
    if not wanted:
        return {}
    found = dict(_sent(block))
    executed: dict[ProposalId, deque[SubmitProposal]] = {}
    for event in wanted:
        fields = event.fields
        assert isinstance(fields, ProposalSubmitted), "chosen by this type"
        if fields.proposal not in found:
            parent = _executing(block.happened, event)
            if parent is not None:
                waiting = executed.setdefault(parent, deque(actions_of(parent)))
                if waiting:
                    found[fields.proposal] = waiting.popleft()
        message = found.get(fields.proposal)
        if message is not None and text_hash(title=message.title, body=message.body) != fields.text_hash:
            del found[fields.proposal]
    return found


def _sent(block: DecodedBlock) -> Iterator[tuple[ProposalId, SubmitProposal]]:
    for transaction in block.transactions:
        body = transaction.checked.body
        for index, message in enumerate(transaction.messages):
            if isinstance(message, SubmitProposal):
                identity = ProposalIdentity(
                    chain_id=body.chain_id,
                    sender=body.sender,
                    lane=body.lane,
                    sequence=body.sequence,
                    message_index=index,
                )
                yield proposal_id(identity), message


def _executing(happened: Sequence[DecodedEvent], event: DecodedEvent) -> ProposalId | None:
    """The proposal whose execution did this: the next one that the same transaction, or block, says was executed."""
    behind = happened[happened.index(event) + 1 :]
    for later in behind:
        moved = later.fields
        if later.tx_id == event.tx_id and isinstance(moved, ProposalMoved) and moved.after == "executed":
            return moved.proposal
    return None

"""What happened in a run, in order: a hash of all of it, and its last lines for people."""

from __future__ import annotations

import hashlib
from collections import deque

from daonode.consensus.messages import CommitVoteMessage, ProposalMessage, TimeoutMessage, VoteMessage
from daonode.replica.messages import Message

KEPT_LINES = 400


class Trace:
    """Takes lines of text; the same run gives the same lines, whatever the hash seed of the interpreter."""

    def __init__(self, *, keep_all: bool = False) -> None:
        self._digest = hashlib.sha256()
        self._lines: deque[str] = deque(maxlen=None if keep_all else KEPT_LINES)

    def add(self, time_ms: int, node: int | None, text: str) -> None:
        """Note what happened, on a node or to the whole run."""
        line = f"{time_ms:>10} {'--' if node is None else f'n{node}'} {text}"
        self._digest.update(line.encode() + b"\n")
        self._lines.append(line)

    def hash(self) -> str:
        """The hash of everything so far, in hexadecimal."""
        return self._digest.hexdigest()

    def lines(self) -> tuple[str, ...]:
        """The last lines, or all where all are kept."""
        return tuple(self._lines)


def describe(message: Message) -> str:
    """One line about a message that was sent."""
    match message:
        case ProposalMessage():
            header = message.block.header
            return f"proposes height {header.height} round {header.round} {header.id().hex()[:8]}"
        case TimeoutMessage():
            return f"times out round {message.round} with QC {message.high_qc.round}"
        case VoteMessage() | CommitVoteMessage():
            return f"sends {type(message).__name__} {message.round} {message.block_id.hex()[:8]}"
        case _:
            return f"sends {type(message).__name__}"

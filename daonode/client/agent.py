"""Asking the key agent: whether it runs, what it holds, and for signatures.

A signature that comes back is verified before it is used. Where no agent runs, nothing is an error: the caller asks for
a password instead.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daonode.client.agent_messages import (
    EXCHANGE_SECONDS,
    MAX_FRAME_BYTES,
    AgentStatus,
    Lock,
    Locked,
    Refused,
    Reply,
    ReportStatus,
    Request,
    Signed,
    SignText,
    SignTransaction,
    read_frame,
    write_frame,
)
from daonode.client.agent_socket import connect
from daonode.client.errors import AgentFault
from daonode.client.wallet import TextPurpose, single_key_address, text_digest
from daonode.ledger.transactions import TxSignature, tx_id
from daonode.primitives.codec import DecodeError, decode
from daonode.primitives.ids import Address, PublicKey, Signature
from daonode.primitives.signatures import verify

AGENT_VARIABLE: Final = "DAONODE_AGENT"
_SOCKET_NAME: Final = "agent.sock"


def agent_path(home: Path) -> Path:
    """Where the agent of a home listens: what the environment says, else a socket in the home."""
    given = os.environ.get(AGENT_VARIABLE)
    return Path(given).expanduser() if given else home / _SOCKET_NAME


def ask_status(path: Path) -> AgentStatus | None:
    """What the agent holds, and for how long; None where none runs. Raises `AgentFault`."""
    reply = _ask(path, ReportStatus())
    if reply is None or isinstance(reply, AgentStatus):
        return reply
    raise _unexpected(reply)


def stop(path: Path) -> bool:
    """Have the agent forget its keys and end; say whether one ran. Raises `AgentFault`."""
    reply = _ask(path, Lock())
    if reply is None or isinstance(reply, Locked):
        return reply is not None
    raise _unexpected(reply)


@dataclass(frozen=True, slots=True)
class AgentKey:
    """A key that the agent at `path` holds: it signs as a wallet does. `AgentFault` where the agent fails."""

    path: Path
    public_key: PublicKey

    @property
    def address(self) -> Address:
        """The account that begins with this key."""
        return single_key_address(self.public_key)

    def sign_transaction(self, body: bytes) -> TxSignature:
        """This key's signature over the transaction with this encoded body."""
        request = SignTransaction(public_key=self.public_key, body=body)
        return TxSignature(public_key=self.public_key, signature=self._signed(request, tx_id(body)))

    def sign_text(self, text: str, *, purpose: TextPurpose = "message") -> Signature:
        """This key's signature over text."""
        request = SignText(public_key=self.public_key, text=text, purpose=purpose)
        return self._signed(request, text_digest(text, purpose=purpose))

    def _signed(self, request: Request, message: bytes) -> Signature:
        reply = _ask(self.path, request)
        if reply is None:
            raise AgentFault("the agent has ended meanwhile", hint="run the command again")
        if not isinstance(reply, Signed):
            raise _unexpected(reply)
        if not verify(self.public_key, message, reply.signature):
            raise AgentFault("what the agent gave is not this key's signature", hint="end it: daonode keys agent stop")
        return reply.signature


def find_key(path: Path, public_key: PublicKey) -> AgentKey | None:
    """The key, where an agent runs at a path and holds it. Raises `AgentFault` where what runs cannot be trusted."""
    status = ask_status(path)
    if status is None or all(held.public_key != public_key for held in status.keys):
        return None
    return AgentKey(path=path, public_key=public_key)


def _ask(path: Path, request: Request) -> Reply | None:
    ends_s = time.monotonic() + EXCHANGE_SECONDS
    connection = connect(path)
    if connection is None:
        return None
    with connection:
        try:
            connection.settimeout(EXCHANGE_SECONDS)
            write_frame(connection, request)
            data = read_frame(connection, remaining_s=lambda: ends_s - time.monotonic())
            return decode(data, Signed | AgentStatus | Locked | Refused, max_bytes=MAX_FRAME_BYTES)
        except (BrokenPipeError, ConnectionResetError):
            return None
        except OSError as error:
            raise AgentFault(f"the agent at {path} does not answer: {error}") from error
        except DecodeError as error:
            raise AgentFault(f"what listens at {path} is no agent of this version: {error.reason}") from error


def _unexpected(reply: Reply) -> AgentFault:
    if isinstance(reply, Refused):
        return AgentFault(f"the agent refused: {reply.reason}")
    return AgentFault(f"the agent answered another question: {type(reply).__name__}")

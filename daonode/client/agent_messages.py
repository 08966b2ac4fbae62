"""What the command and the key agent say: one request and one reply a connection, each a length and a value.

A request names what is to be signed by its content, never by a digest: the agent hashes it itself, so that it can be
made to sign nothing but transactions and texts. No message carries a secret, in either direction.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Annotated, Final

from msgspec import Meta

from daonode.client.errors import AgentFault
from daonode.client.wallet import TextPurpose
from daonode.ledger.transactions import MAX_TRANSACTION_BYTES
from daonode.primitives.codec import U32, U64, Record, encode
from daonode.primitives.ids import PublicKey, Signature

MAX_AGENT_KEYS: Final = 64
MAX_TEXT_CHARACTERS: Final = 16_384
MAX_FRAME_BYTES: Final = MAX_TRANSACTION_BYTES + 4_096
"""The longest message: a transaction's body, or a text of four-byte characters."""
EXCHANGE_SECONDS: Final = 5.0
"""How long the command waits for its reply."""
REQUEST_SECONDS: Final = 1.0
"""How long the agent waits for a request: less, so that one that says nothing makes no other give up."""
_LENGTH_BYTES: Final = 4


class SignTransaction(Record, frozen=True, tag="sign_transaction"):
    """Sign the transaction with this encoded body."""

    public_key: PublicKey
    body: Annotated[bytes, Meta(max_length=MAX_TRANSACTION_BYTES)]


class SignText(Record, frozen=True, tag="sign_text"):
    """Sign a text, under the tag of its purpose."""

    public_key: PublicKey
    text: Annotated[str, Meta(max_length=MAX_TEXT_CHARACTERS)]
    purpose: TextPurpose = "message"


class ReportStatus(Record, frozen=True, tag="report_status"):
    """Say which keys are held, and for how long."""


class Lock(Record, frozen=True, tag="lock"):
    """Forget all keys and end."""


Request = SignTransaction | SignText | ReportStatus | Lock


class Signed(Record, frozen=True, tag="signed"):
    """What was asked for."""

    signature: Signature


class HeldKey(Record, frozen=True):
    """One key that the agent holds."""

    name: str
    public_key: PublicKey


class AgentStatus(Record, frozen=True, tag="status"):
    """The agent's process, how long it still holds its keys, and which they are, by name."""

    process_id: U32
    remaining_ms: U64
    keys: Annotated[tuple[HeldKey, ...], Meta(max_length=MAX_AGENT_KEYS)]


class Locked(Record, frozen=True, tag="locked"):
    """The keys are forgotten."""


class Refused(Record, frozen=True, tag="refused"):
    """The request was not carried out; the reason is for people."""

    reason: str


Reply = Signed | AgentStatus | Locked | Refused


def write_frame(connection: socket.socket, message: Request | Reply) -> None:
    """Send one message. Raises `OSError`."""
    data = encode(message)
    connection.sendall(len(data).to_bytes(_LENGTH_BYTES, "big") + data)


def read_frame(connection: socket.socket, *, remaining_s: Callable[[], float]) -> bytes:
    """Read the bytes of one message; `remaining_s` says how many seconds are left for it.

    Raises:
        AgentFault: it is too long, or ends early.
        OSError: the connection failed; a `TimeoutError` where the time is over.
    """
    length = int.from_bytes(_read_exactly(connection, _LENGTH_BYTES, remaining_s), "big")
    if length > MAX_FRAME_BYTES:
        raise AgentFault(f"a message of {length} bytes came, expected at most {MAX_FRAME_BYTES}")
    return _read_exactly(connection, length, remaining_s)


def _read_exactly(connection: socket.socket, size: int, remaining_s: Callable[[], float]) -> bytes:
    data = b""
    while len(data) < size:
        left_s = remaining_s()
        if left_s <= 0:
            raise TimeoutError("the time for one exchange is over")
        connection.settimeout(left_s)
        part = connection.recv(size - len(data))
        if not part:
            raise AgentFault("the connection ended within a message")
        data += part
    return data

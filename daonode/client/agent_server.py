"""The key agent: a process that holds unlocked keys for a while, signs for its user, and gives no secret away.

It answers one connection after another; each is bounded in bytes and time. Its time runs on while the machine sleeps.
It forgets its keys when the time is over or it is told to, and removes its socket before anything else can take its
place. It knows no node, decodes what it signs, and never shows or writes a key.
"""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from daonode.client.agent_messages import (
    MAX_AGENT_KEYS,
    MAX_FRAME_BYTES,
    REQUEST_SECONDS,
    AgentStatus,
    HeldKey,
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
from daonode.client.agent_socket import user_of
from daonode.client.errors import AgentFault
from daonode.client.wallet import Wallet
from daonode.ledger.transactions import TxBody
from daonode.primitives.codec import DecodeError, decode
from daonode.primitives.ids import PublicKey

LOOK_SECONDS: Final = 5.0
"""How often the agent looks at its clock: a machine that slept wakes it late."""
_SET_DUMPABLE: Final = 4
"""PR_SET_DUMPABLE of prctl(2)."""


def awake_s() -> float:
    """Seconds on a clock that runs on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Agent:
    """Unlocked keys by name, until `lifetime_ms` are over on the clock `now_s`."""

    def __init__(
        self, wallets: Mapping[str, Wallet], *, lifetime_ms: int, now_s: Callable[[], float] = awake_s
    ) -> None:
        """Raise `AgentFault` where there are too many keys, or none."""
        if not 1 <= len(wallets) <= MAX_AGENT_KEYS:
            raise AgentFault(f"an agent holds 1 to {MAX_AGENT_KEYS} keys, got {len(wallets)}")
        self._wallets: dict[PublicKey, Wallet] = {wallet.public_key: wallet for wallet in wallets.values()}
        self._names = {wallet.public_key: name for name, wallet in sorted(wallets.items())}
        self._now_s = now_s
        self._ends_s = now_s() + lifetime_ms / 1_000

    @property
    def remaining_s(self) -> float:
        """How long the keys are still held; 0 once they are forgotten."""
        return max(self._ends_s - self._now_s(), 0.0) if self._wallets else 0.0

    def lock(self) -> None:
        """Forget all keys."""
        self._wallets.clear()

    def answer(self, data: bytes) -> Reply:
        """The reply to the bytes of a request, whatever they are."""
        if not self.remaining_s:
            self.lock()
            return Refused(reason="the agent's time is over")
        try:
            # The alias is a union, which the decoder takes as it takes a type.
            request: Request = decode(data, SignTransaction | SignText | ReportStatus | Lock, max_bytes=MAX_FRAME_BYTES)
        except DecodeError as error:
            return Refused(reason=f"not a request: {error.reason}")
        match request:
            case ReportStatus():
                held = tuple(HeldKey(name=name, public_key=key) for key, name in self._names.items())
                return AgentStatus(process_id=os.getpid(), remaining_ms=int(self.remaining_s * 1_000), keys=held)
            case Lock():
                self.lock()
                return Locked()
            case SignTransaction() | SignText():
                return self._sign(request)

    def _sign(self, request: SignTransaction | SignText) -> Reply:
        wallet = self._wallets.get(request.public_key)
        if wallet is None:
            return Refused(reason=f"the agent does not hold the key 0x{request.public_key.hex()}")
        if isinstance(request, SignText):
            return Signed(signature=wallet.sign_text(request.text, purpose=request.purpose))
        try:
            decode(request.body, TxBody)
        except DecodeError as error:
            return Refused(reason=f"not the body of a transaction: {error.reason}")
        return Signed(signature=wallet.sign_transaction(request.body).signature)


def serve(listener: socket.socket, agent: Agent, *, path: Path, user: int, request_s: float = REQUEST_SECONDS) -> None:
    """Answer processes of one user until the keys are forgotten, then remove the socket at `path`.

    A connection that takes longer than `request_s` is left.
    """
    # Removed once and no more: another agent may have its socket there as soon as this one's is gone.
    with listener, ExitStack() as socket_file:
        socket_file.callback(path.unlink, missing_ok=True)
        socket_file.callback(agent.lock)
        while agent.remaining_s:
            listener.settimeout(min(agent.remaining_s, LOOK_SECONDS))
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                with connection, suppress(OSError, AgentFault):
                    if user_of(connection) == user:
                        _converse(connection, agent, request_s=request_s, at_end=socket_file.close)


def _converse(connection: socket.socket, agent: Agent, *, request_s: float, at_end: Callable[[], object]) -> None:
    ends_s = time.monotonic() + request_s
    reply = agent.answer(read_frame(connection, remaining_s=lambda: ends_s - time.monotonic()))
    if not agent.remaining_s:
        # Before the reply: whoever reads it may start another agent at once.
        at_end()
    write_frame(connection, reply)


def keep_memory_private() -> None:
    """Let no core dump and no debugger of the same user see the memory of this process."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)

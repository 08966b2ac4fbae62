"""Clients that send transfers without a pause, and remember what nodes said was committed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

from daonode.client.errors import OutcomeUnknown, Rejected, Unavailable, Unreachable
from daonode.client.keystore import Keystore
from daonode.client.rpc import RpcClient
from daonode.client.submission import ExecutionFailed, submit_and_wait
from daonode.client.transactions import SignedTransaction, TxOptions, plan, sign_body
from daonode.client.wallet import Wallet
from daonode.ledger.transactions import Call
from daonode.modules.accounts.messages import Transfer
from daonode.primitives.codec import Record, encode
from daonode.primitives.ids import AssetId, BlockId, TxId
from daonode.primitives.units import Amount
from tests.faults.network import CATCH_UP_SECONDS, wait_until

SENDERS = ("alice", "bob", "carol", "dave", "erin", "frank")
CALL_SECONDS = 2.0
COMMIT_SECONDS = 4.0
"""Until a client asks another node about its transaction."""
GAS_LIMIT = 200_000
PAUSE_SECONDS = 0.05
SOME_REPORTS = 10
BEHIND = ("wrong_sequence", "sequence_gap", "already_known")
"""Refusals of a node that does not know as much of the sender, or of the very transaction, as another does."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What a node told a client."""

    tx_id: TxId
    height: int
    block_id: BlockId


@dataclass(slots=True)
class Client:
    """Sends one transaction after the other of an account, each until a node says that it is committed.

    It asks the node at `turn`, and the next one where that does not answer or does not know enough. Nobody else sends
    from this lane of the account: a node that has fallen behind is not asked for the sequence.
    """

    urls: tuple[str, ...]
    wallet: Wallet
    turn: int = 0
    lane: int = 0
    abandoned: Event = field(default_factory=Event)
    """Set by whoever wants no answer any more."""
    _sequence: int | None = field(default=None, init=False)

    def send(self, type_: str, message: Record) -> Reported | None:
        """Send a message of this type; None once it is abandoned.

        Raises:
            Rejected: no node will ever take it.
            ExecutionFailed: it is committed and has failed.
        """
        transaction: SignedTransaction | None = None
        while not self.abandoned.is_set():
            rpc = RpcClient(self.urls[self.turn % len(self.urls)], timeout_s=CALL_SECONDS)
            try:
                transaction = transaction or self._sign(rpc, type_, message)
                return submit_and_wait_for(rpc, transaction)
            except (Unreachable, Unavailable, OutcomeUnknown):
                # The same bytes to another node: whether the first had taken them, it is committed once.
                pass
            except Rejected as error:
                if not error.retryable and error.reason not in BEHIND:
                    raise
            self.turn += 1
            self.abandoned.wait(PAUSE_SECONDS)
        return None

    def _sign(self, rpc: RpcClient, type_: str, message: Record) -> SignedTransaction:
        options = TxOptions(lane=self.lane, sequence=self._sequence, gas_limit=GAS_LIMIT)
        call = Call(type=type_, body=encode(message))
        keys = (self.wallet.public_key,)
        body = plan(rpc, [call], sender=self.wallet.address, signers=keys, options=options)
        self._sequence = body.sequence + 1
        return sign_body(body, [self.wallet])


class Load:
    """Several clients, each of one account and with one transaction under way. `reported` grows as they go."""

    def __init__(self, urls: Sequence[str], keys: Path) -> None:
        self._urls = tuple(urls)
        self._keystore = Keystore(keys)
        self._stopping = Event()
        self._abandoned = Event()
        self._lock = Lock()
        self._reported: list[Reported] = []
        self.failures: list[str] = []

    @property
    def reported(self) -> tuple[Reported, ...]:
        """Everything that was reported as committed so far."""
        with self._lock:
            return tuple(self._reported)

    def wait_for_more(self, more: int = SOME_REPORTS) -> None:
        """Wait until so many more transactions are reported as committed."""
        goal = len(self.reported) + more
        wait_until(lambda: len(self.reported) >= goal, within_seconds=CATCH_UP_SECONDS, what=f"{goal} commits reported")

    def run(self, index: int, name: str) -> None:
        """Send transfers of one account until told to stop, beginning with the node at `index`."""
        wallet = self._keystore.unlock(name)
        client = Client(self._urls, wallet, turn=index, abandoned=self._abandoned)
        transfer = Transfer(destination=wallet.address, asset=AssetId("dao"), amount=Amount(1))
        while not self._stopping.is_set():
            try:
                reported = client.send("accounts.Transfer", transfer)
            except (Rejected, ExecutionFailed) as error:
                self.failures.append(f"{name}: {error}")
                return
            if reported is not None:
                self._note(reported)

    def stop(self) -> None:
        """Let each client end with the answer about its last transaction."""
        self._stopping.set()

    def abandon(self) -> None:
        """Let each client end without an answer: the test has failed, and there may be nobody left to give one."""
        self._abandoned.set()
        self.stop()

    def _note(self, reported: Reported) -> None:
        with self._lock:
            self._reported.append(reported)


def submit_and_wait_for(rpc: RpcClient, transaction: SignedTransaction) -> Reported:
    """Send a transaction; returns what the node says of its block."""
    answer = submit_and_wait(rpc, transaction, timeout_s=COMMIT_SECONDS)
    assert answer.height is not None, "a committed transaction has a height"
    assert answer.block_id is not None, "a committed transaction has a block"
    return Reported(transaction.id, answer.height, answer.block_id)


@contextmanager
def load_on(urls: Sequence[str], keys: Path, *, clients: int = len(SENDERS)) -> Iterator[Load]:
    """Clients that send for as long as the block lasts; what they were told is complete after it."""
    load = Load(urls, keys)
    threads = [Thread(target=load.run, args=(index, name), name=name) for index, name in enumerate(SENDERS[:clients])]
    for thread in threads:
        thread.start()
    try:
        yield load
    except BaseException:
        load.abandon()
        raise
    finally:
        load.stop()
        for thread in threads:
            thread.join(30)
    assert not [thread.name for thread in threads if thread.is_alive()], "every client ends"
    assert not load.failures, load.failures

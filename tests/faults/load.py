"""Clients that send transfers without a pause, and remember what nodes said was committed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread

from daonode.client.errors import OutcomeUnknown, Rejected, Unavailable, Unreachable
from daonode.client.keystore import Keystore
from daonode.client.rpc import RpcClient
from daonode.client.submission import submit_and_wait
from daonode.client.transactions import SignedTransaction, TxOptions, plan, sign_body
from daonode.client.wallet import Wallet
from daonode.ledger.transactions import Call
from daonode.modules.accounts.messages import Transfer
from daonode.primitives.codec import encode
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
        turn = index
        waiting: SignedTransaction | None = None
        while not self._abandoned.is_set() and (waiting is not None or not self._stopping.is_set()):
            rpc = RpcClient(self._urls[turn % len(self._urls)], timeout_s=CALL_SECONDS)
            try:
                while waiting is not None or not self._stopping.is_set():
                    waiting = waiting or _transfer(rpc, wallet)
                    self._note(submit_and_wait_for(rpc, waiting))
                    waiting = None
            except (Unreachable, Unavailable, OutcomeUnknown):
                # The same bytes to another node: whether the first had taken them, it is committed once.
                turn += 1
            except Rejected as error:
                if not error.retryable and error.reason not in BEHIND:
                    self.failures.append(f"{name}: {error}")
                    return
                turn += 1
            self._stopping.wait(PAUSE_SECONDS)

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


def _transfer(rpc: RpcClient, wallet: Wallet) -> SignedTransaction:
    transfer = Transfer(destination=wallet.address, asset=AssetId("dao"), amount=Amount(1))
    call = Call(type="accounts.Transfer", body=encode(transfer))
    options = TxOptions(gas_limit=GAS_LIMIT)
    return sign_body(
        plan(rpc, [call], sender=wallet.address, signers=[wallet.public_key], options=options), [wallet]
    )  # fmt: skip

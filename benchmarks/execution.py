"""What a trivial transaction costs, by part: `python -m benchmarks.execution`."""

import time
from collections.abc import Callable
from typing import TypeVar

from daonode.ledger import tree
from daonode.ledger.checking import VerifiedCache, decode_transaction, verify_signatures
from daonode.ledger.execution import BlockExecution, ExecutedBlock, Machine
from daonode.ledger.params import LedgerParams
from daonode.ledger.receipts import receipts_root
from daonode.ledger.registry import Registry
from tests.unit.ledger.counter_chain import Add, CounterModule, User, block_info, genesis

T = TypeVar("T")
TRANSACTIONS = 1_000


def main() -> None:
    """Print the microseconds that each part takes for one transaction of one message that writes one key."""
    users = tuple(User(index.to_bytes(32)) for index in range(TRANSACTIONS))
    raws = [user.send(Add(f"counter-{index}", 1)) for index, user in enumerate(users)]
    parent = genesis(LedgerParams(max_block_gas=2**32 - 1), users)
    verified = VerifiedCache()
    decoded = measure("decode", lambda: [decode_transaction(raw) for raw in raws])
    measure("verify signatures", lambda: [verify_signatures(tx) for tx in decoded])
    for tx in decoded:
        verified.verify(tx)
    module = CounterModule()
    machine = Machine(Registry([module]), module, verified.verify)

    def execute() -> ExecutedBlock:
        execution = BlockExecution(machine, parent, block_info(parent))
        execution.begin()
        for raw in raws:
            execution.apply(raw)
        return execution.finish()

    executed = measure("decode and execute", execute)
    assert all(receipt.code == 0 for receipt in executed.receipts)
    measure("tree", lambda: tree.update(parent, previous_version=0, version=1, changes=executed.writes))
    measure("receipts root", lambda: receipts_root(executed.receipts))
    print(f"{len(executed.writes) // TRANSACTIONS} keys written, {executed.receipts[0].gas_used} gas a transaction")


def measure(name: str, run: Callable[[], T]) -> T:
    """Run once and print the time a transaction."""
    start = time.perf_counter()
    result = run()
    microseconds = (time.perf_counter() - start) * 1e6 / TRANSACTIONS
    print(f"{name:>20}: {microseconds:6.1f} us")
    return result


if __name__ == "__main__":
    main()

"""What waits while a driver executes a block: it is let go when the node stops."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import trio
import trio.testing

from daonode.node import driver
from daonode.node.api import Overloaded
from daonode.replica.jobs import Job, Outcome, do
from tests.unit.node.test_driver import LIMIT_SECONDS, running


async def test_who_waits_while_a_block_is_executed_is_let_go_when_the_node_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def do_slowly(job: Job) -> Outcome:
        begun.set()
        assert go_on.wait(LIMIT_SECONDS)
        return do(job)

    monkeypatch.setattr(driver, "do", do_slowly)
    answers: list[object] = []
    async with running(tmp_path) as node:

        async def submit(sequence: int) -> None:
            answers.append(await node.submit(sequence))

        await submit(0)
        assert await trio.to_thread.run_sync(begun.wait, LIMIT_SECONDS)
        async with trio.open_nursery() as clients:
            clients.start_soon(submit, 1)
            await trio.testing.wait_all_tasks_blocked()
            node.scope.cancel()
            go_on.set()
    admitted, refused = answers
    assert isinstance(admitted, bytes)
    assert isinstance(refused, Overloaded)
    assert "stopping" in str(refused)

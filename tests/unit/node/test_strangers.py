"""What the driver does about strangers: it sends them away sooner than others, and lets them wait while it works."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import trio.testing

from daonode.node.driver import MAX_REST_SECONDS
from daonode.node.offences import FIRST_ABSENCE_SECONDS, MAX_FAULTS, MAX_FAULTS_OF_A_STRANGER
from daonode.node.transport.types import Lane
from tests.unit.node.chains import make_test_chain
from tests.unit.node.test_driver import PEER, SlowSigner, open_signer_of, running


@pytest.mark.parametrize(("is_listed", "faults"), [(True, MAX_FAULTS), (False, MAX_FAULTS_OF_A_STRANGER)])
async def test_a_peer_is_sent_away_for_its_faults_and_a_stranger_sooner(
    tmp_path: Path, is_listed: bool, faults: int
) -> None:
    async with running(tmp_path) as node:
        node.network.has_listed_the_peer = is_listed
        for count, sent_away in ((faults, []), (1, [(PEER, FIRST_ABSENCE_SECONDS)])):
            for _ in range(count):
                node.network.arrive(Lane.CONSENSUS, b"no message")
            while node.network.waiting(Lane.CONSENSUS):
                await trio.lowlevel.checkpoint()
            await trio.testing.wait_all_tasks_blocked()
            assert node.network.sent_away == sent_away


async def test_who_rests_waits_while_a_step_is_carried_out_but_not_for_long(tmp_path: Path) -> None:
    test_chain = make_test_chain(1)
    signer = SlowSigner(open_signer_of(test_chain, tmp_path))
    async with running(tmp_path, signer=signer) as node:
        await trio.testing.wait_all_tasks_blocked()
        with trio.fail_after(MAX_REST_SECONDS / 2):
            await node.driver.rest()
        await node.submit(0)
        await signer.asked.wait()
        began = trio.current_time()
        await node.driver.rest()
        assert trio.current_time() - began >= MAX_REST_SECONDS
        signer.may_go_on.set()
    signer.close()

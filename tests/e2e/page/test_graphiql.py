"""GraphiQL in a real browser, on a real gateway: its policy lets it run, and it queries and follows."""

from pathlib import Path

import pytest
import trio

from daonode.stores.sqlite import open_writer
from tests.e2e.page.browser import CHROMIUM, POLL_SECONDS, WAIT_SECONDS, Tab, opened_tab
from tests.integration.gateway.process import gateway, make_home
from tests.unit.gateway.graphql.population import HEIGHT, vote_block

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(120),
]
READY = "document.querySelector('.graphiql-execute-button')?.ariaLabel.startsWith('Execute')"
"""Nothing is running: at first it asks for the schema."""
RUN = "document.querySelector('.graphiql-execute-button')"
RESULT = "(document.querySelector('.result-window')?.innerText ?? '')"


async def run(tab: Tab, name: str) -> None:
    """Run what stands in a tab of the page."""
    await tab.click(f"[...document.querySelectorAll('[role=tab]')].find((each) => each.innerText === '{name}')")
    await tab.wait_for(READY)
    await tab.click(RUN)


async def test_a_query_and_a_subscription_run(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    with gateway(home) as running:
        async with opened_tab(tmp_path / "profile") as tab:
            await tab.look(width=1280)
            await tab.evaluate(f"location.href = '{running.url}/graphql', true")
            await run(tab, "Deciding")
            await tab.wait_for(f"{RESULT}.includes('daonode:test') && {RESULT}.includes('Proposal 2')")
            await run(tab, "Blocks")
            writer = open_writer(home / "data" / "index.sqlite")
            try:
                # The subscription begins at a moment that the page does not tell, so blocks come until it has one.
                height = HEIGHT
                with trio.fail_after(WAIT_SECONDS):
                    while not await tab.evaluate(f"{RESULT}.includes('blockAdded')"):
                        # For a moment after a change of tabs it runs the operation of the other.
                        if await tab.evaluate(f"{RESULT}.includes('there is no operation')"):
                            await tab.click(RUN)
                        height += 1
                        writer.apply(vote_block(height, []))
                        await trio.sleep(POLL_SECONDS)
            finally:
                writer.close()
            assert tab.problems == []

"""GraphiQL in a real browser, on a real gateway: its policy lets it run, and it queries and follows."""

from pathlib import Path

import pytest

from daonode.stores.sqlite import open_writer
from tests.e2e.page.browser import CHROMIUM, opened_tab
from tests.integration.gateway.process import gateway, make_home
from tests.unit.gateway.graphql.population import HEIGHT, vote_block

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(120),
]
RUN = "document.querySelector('.graphiql-execute-button')"
RESULT = "(document.querySelector('.result-window')?.innerText ?? '')"


def operation(name: str) -> str:
    """The entry of the menu that runs an operation."""
    return f"[...document.querySelectorAll('[role=menuitem]')].find((each) => each.innerText === '{name}')"


async def test_a_query_and_a_subscription_run(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    with gateway(home) as running:
        async with opened_tab(tmp_path / "profile") as tab:
            await tab.look(width=1280)
            await tab.evaluate(f"location.href = '{running.url}/graphql', true")
            await tab.click(RUN)
            await tab.click(operation("Deciding"))
            await tab.wait_for(f"{RESULT}.includes('daonode:test') && {RESULT}.includes('Proposal 2')")
            await tab.click(RUN)
            await tab.click(operation("Blocks"))
            writer = open_writer(home / "data" / "index.sqlite")
            try:
                # The subscription begins at a moment that the page does not tell, so blocks come until it has one.
                for height in range(HEIGHT + 1, HEIGHT + 200):
                    writer.apply(vote_block(height, []))
                    if await tab.evaluate(f"{RESULT}.includes('blockAdded')"):
                        break
                await tab.wait_for(f"{RESULT}.includes('blockAdded')")
            finally:
                writer.close()
            assert tab.problems == []

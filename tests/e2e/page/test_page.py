"""The web page of a real four-validator network in a real browser: what a member does there, and what all see."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trio

from daonode.client.wallet import Wallet
from daonode.genesis.document import TEST_COIN_TYPE
from daonode.primitives.addresses import encode_account
from tests.e2e.page.browser import CHROMIUM, Tab, opened_tab
from tests.e2e.page.site import Site, running_site

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(300),
]
ACCESSIBILITY = (Path(__file__).parent / "accessibility.js").read_text()
PASSWORD = "correct horse battery"
WIDTHS = (1280, 360)
PARTS_OF_A_SITE = ("no header", "no nav[aria-label]", "no footer")
UNREADABLE = """
<h1>One</h1> <h3>Three</h3> <p style="color: white">nothing to be seen</p> <p style="color: #777">nearly enough</p>
<p style="color: #767676">enough for everybody</p> <input name="q"> <button></button> <img src="">
<i id="twice"></i> <i id="twice"></i> <div style="width: 9999px">wide</div>
"""
NO_WEBSOCKETS = "window.WebSocket = class { constructor() { setTimeout(() => this.onclose(), 0); } close() {} };"
STORED = """
new Promise((resolve) => {
  indexedDB.open('daonode').onsuccess = ({ target: { result: database } }) => {
    database.transaction('keys').objectStore('keys').get('key').onsuccess = ({ target }) => {
      database.close();
      resolve(JSON.stringify(target.result));
    };
  };
})
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("page") / "net") as running:
        yield running


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    async with opened_tab(tmp_path / "profile") as opened:
        await opened.look(width=1280)
        yield opened
        assert opened.problems == [], "the page complains of nothing"


def button(text: str) -> str:
    return f"[...document.querySelectorAll('button')].find((each) => each.textContent === {json.dumps(text)})"


def counted(choice: str) -> str:
    return f"document.querySelector('.counts .{choice} b')?.textContent"


async def import_key(tab: Tab, site: Site, name: str, *, stored: bool) -> None:
    await tab.goto(f"{site.url}#/wallet")
    await tab.write("document.querySelector('[name=secret]')", site.words_of(name))
    await tab.click(button("Import"))
    await tab.wait_for_text("Where shall the key stay?")
    if stored:
        await tab.click("document.querySelector('[value=browser]')")
        for field in ("password", "again"):
            await tab.write(f"document.querySelector('[name={field}]')", PASSWORD)
    await tab.click(button("Use this key"))
    await tab.wait_for_text("Your key is ready")
    await tab.wait_for(f"document.body.innerText.includes({json.dumps(name)})")


async def test_a_member_votes_and_sees_the_tally_move_and_the_proof(tab: Tab, site: Site, tmp_path: Path) -> None:
    number = site.propose(tmp_path, title="Plant trees", proposer="alice")
    await tab.goto(f"{site.url}#/")
    await tab.wait_for_text("Plant trees")
    await import_key(tab, site, "bob", stored=False)
    await tab.goto(f"{site.url}#/proposals/{number}")
    await tab.wait_for_text("You vote as")
    assert await tab.evaluate(counted("yes")) == "0"
    await tab.click("document.querySelector('.choices [value=yes]')")
    await tab.write("document.querySelector('[name=reason]')", "Shade is cheap.")
    await tab.click(button("Review"))

    await tab.wait_for_text("This is what you sign")
    shown = await tab.evaluate("document.querySelector('.review').innerText")
    chain_id = site.network.shell.json("status")["chain_id"]
    address = site.network.shell.json("keys", "show", "bob")["address"]
    for text in ("yes", "Plant trees", "Shade is cheap.", "1 member", chain_id, address, "Costs at most\n0.0000"):
        assert str(text) in shown

    await tab.click(button("Sign and send"))
    await tab.wait_for_text("Your vote counts")
    receipt = await tab.evaluate("document.querySelector('.receipt').innerText")
    assert "yes with 1 member" in receipt
    assert "of 4 validators" in receipt
    await tab.wait_for(f"{counted('yes')} === '1'")
    await tab.wait_for_text("Shade is cheap.")
    vote = site.network.shell.json("vote", "show", str(number), "bob")
    assert (vote["choice"], vote["weight"]) == ("yes", "1")


async def test_what_others_do_is_seen_without_a_reload(tab: Tab, site: Site, tmp_path: Path) -> None:
    number = site.propose(tmp_path, title="Buy a boat", proposer="carol")
    await tab.goto(f"{site.url}#/proposals/{number}")
    await tab.wait_for_text("Nobody has voted yet.")
    await tab.wait_for("document.querySelector('#status').className === 'live'")
    before = await tab.evaluate("document.querySelector('#status b').textContent")
    site.network.shell.json("vote", "cast", str(number), "no", "--from", "dave", "--reason", "We have no lake.")
    await tab.wait_for(f"{counted('no')} === '1'")
    await tab.wait_for_text("We have no lake.")
    await tab.wait_for(f"document.querySelector('#status b').textContent !== {json.dumps(before)}")


async def test_the_page_outlives_its_gateway(tab: Tab, site: Site, tmp_path: Path) -> None:
    number = site.propose(tmp_path, title="Mend the roof", proposer="bob")
    await tab.goto(f"{site.url}#/proposals/{number}")
    await tab.wait_for("document.querySelector('#status').className === 'live'")
    await trio.to_thread.run_sync(site.restart_gateway)
    await tab.wait_for("document.querySelector('#status').className !== 'live'")
    assert await tab.evaluate("document.querySelector('h1').textContent") == "Mend the roof"
    site.network.shell.json("vote", "cast", str(number), "yes", "--from", "erin")
    await tab.wait_for(f"{counted('yes')} === '1'")
    await tab.wait_for("document.querySelector('#status').className === 'live'")
    # What a browser says of a server that was gone.
    assert all("graphql" in each or "Failed to load resource" in each for each in tab.problems), tab.problems
    tab.problems.clear()


async def test_a_browser_without_websockets_asks_again_and_again(tab: Tab, site: Site, tmp_path: Path) -> None:
    number = site.propose(tmp_path, title="Ring the bell", proposer="frank")
    await tab.call("Page.addScriptToEvaluateOnNewDocument", source=NO_WEBSOCKETS)
    await tab.goto(f"{site.url}#/proposals/{number}")
    await tab.wait_for("document.querySelector('#status').className === 'polling'")
    site.network.shell.json("vote", "cast", str(number), "no", "--from", "grace")
    await tab.wait_for(f"{counted('no')} === '1'")


async def test_a_search_stands_in_the_address(tab: Tab, site: Site, tmp_path: Path) -> None:
    site.propose(tmp_path, title="Feed the cat", proposer="heidi")
    await tab.goto(f"{site.url}#/proposals")
    await tab.write("document.querySelector('[name=q]')", "the CAT")
    await tab.wait_for("document.querySelectorAll('article').length === 1")
    assert await tab.evaluate("location.hash") == "#/proposals?q=the+CAT"
    assert await tab.evaluate("document.activeElement.name") == "q"
    await tab.call("Page.reload")
    await tab.wait_for_text("Feed the cat")
    assert await tab.evaluate("document.querySelectorAll('article').length") == 1
    await tab.write("document.querySelector('[name=q]')", " in the moon")
    await tab.wait_for_text("No proposal is like that.")


async def test_what_people_write_stays_text(tab: Tab, site: Site, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=\"document.title='taken'\"><script>document.title = 'taken'</script>"
    title, body = f"Bold <b>{hostile}</b>", f"{hostile}\n\npay \u202eecila"
    number = site.propose(tmp_path, title=title, proposer="ivan", body=body)
    for view in ("", "proposals", f"proposals/{number}"):
        await tab.goto(f"{site.url}#/{view}")
        await tab.wait_for_text(title)
        assert await tab.evaluate("document.querySelectorAll('main img, main script').length") == 0
        assert await tab.evaluate("document.title") != "taken"
    await tab.wait_for_text(f"{hostile}\n\npay [U+202E]ecila")


async def test_a_stored_key_opens_with_its_password_alone(tab: Tab, site: Site) -> None:
    await import_key(tab, site, "dave", stored=True)
    await tab.call("Page.reload")
    await tab.wait_for_text("Unlock")
    await tab.write("document.querySelector('[name=unlock]')", "something else")
    await tab.click(button("Unlock"))
    await tab.wait_for_text("That is not the password.")
    await tab.call("Page.reload")
    await tab.wait_for_text("Unlock")
    await tab.write("document.querySelector('[name=unlock]')", PASSWORD)
    await tab.click(button("Unlock"))
    await tab.wait_for_text("Your key is ready")
    stored = json.loads(await tab.evaluate(STORED))
    assert sorted(stored) == ["address", "iterations", "nonce", "salt", "sealed", "version"]
    wallet = Wallet.from_words(site.words_of("dave"), coin_type=TEST_COIN_TYPE)
    assert stored["address"] == encode_account(wallet.address)
    await tab.click(button("Forget this key"))
    await tab.wait_for_text("Make a key")


async def test_a_new_key_is_made_of_words_that_were_written_down(tab: Tab, site: Site) -> None:
    await tab.goto(f"{site.url}#/wallet")
    await tab.click(button("Make a key"))
    await tab.wait_for_text("Write these words down")
    words = await tab.evaluate("[...document.querySelectorAll('.words li')].map((each) => each.textContent)")
    assert len(words) == 12
    await tab.click(button("I have written them down"))
    await tab.wait_for_text("Did you write them down?")
    asked = await tab.evaluate("[...document.querySelectorAll('[name^=word]')].map((each) => each.name)")
    for name in asked:
        await tab.write(f"document.querySelector('[name={name}]')", words[int(name.removeprefix("word"))])
    await tab.click(button("Go on"))
    await tab.click(button("Use this key"))
    await tab.wait_for_text("not a member yet")


async def test_a_vote_can_be_cast_without_a_mouse(tab: Tab, site: Site, tmp_path: Path) -> None:
    number = site.propose(tmp_path, title="Paint the door", proposer="dave")
    await tab.goto(site.url)
    await tab.press("Tab")
    assert await tab.evaluate("document.activeElement.id") == "skip"
    await tab.press("Enter")
    assert await tab.evaluate("document.activeElement.id") == "main"
    await import_key(tab, site, "carol", stored=False)
    await tab.goto(f"{site.url}#/proposals/{number}")
    await tab.wait_for_text("You vote as")
    await press_until(tab, "document.activeElement.name === 'choice'")
    await tab.press(" ")
    await press_until(tab, "document.activeElement.textContent === 'Review'")
    await tab.press("Enter")
    await tab.wait_for_text("This is what you sign")
    await press_until(tab, "document.activeElement.textContent === 'Sign and send'")
    await tab.press("Enter")
    await tab.wait_for_text("Your vote counts")
    assert site.network.shell.json("vote", "show", str(number), "carol")["choice"] == "yes"


async def press_until(tab: Tab, expression: str, *, most: int = 60) -> None:
    """Go from one control to the next until a condition holds; what has the focus can be seen to have it."""
    for _ in range(most):
        await tab.press("Tab")
        if await tab.evaluate(expression):
            assert await tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"the keyboard does not come to {expression}")


async def test_the_measure_of_what_can_be_read_finds_what_cannot(tab: Tab) -> None:
    await tab.evaluate(f"document.body.innerHTML = {json.dumps(UNREADABLE)}, true")
    found = await tab.evaluate(ACCESSIBILITY)
    for fault in (
        "contrast 1.00: <p > “nothing to be seen”",
        "contrast 4.48: <p > “nearly enough”",
        "no label: q",
        "no name: <button > “”",
        "no text for a picture: <img > “”",
        "two elements with the id twice",
        "heading 3 after 1",
        "no main",
        "no language",
    ):
        assert fault in found
    assert any(each.startswith("it scrolls sideways") for each in found)
    assert "enough for everybody" not in str(found)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_every_view_can_be_read_by_everybody(tab: Tab, site: Site, tmp_path: Path, *, dark: bool) -> None:
    number = site.propose(tmp_path, title="Read aloud", proposer="judy" if dark else "karl", body="First.\n\nSecond.")
    await tab.goto(site.url)
    await tab.wait_for_text("Read aloud")
    lists = ("", "proposals", f"proposals/{number}", "members", "treasury", "validators", "blocks", "wallet", "nothing")
    member = await tab.evaluate("fetch('/api/members').then((a) => a.json()).then(({items}) => items[0].address)")
    block = await tab.evaluate("fetch('/api/transactions').then((a) => a.json()).then(({items}) => items[0])")
    views = (*lists, f"members/{member}", f"blocks/{block['height']}", f"transactions/{block['tx_id']}")
    for view in views:
        await tab.goto(f"{site.url}#/{view}")
        await tab.wait_for("!document.querySelector('.loading')")
        for width in WIDTHS:
            await tab.look(width=width, dark=dark)
            assert await tab.evaluate(ACCESSIBILITY) == [], f"#/{view} at {width}"
    # A view that is none says so, which the browser notes for no other.
    tab.problems[:] = [each for each in tab.problems if "404" not in each]


async def test_the_status_page_of_a_node_moves_with_its_chain(tab: Tab, site: Site, tmp_path: Path) -> None:
    await tab.goto(f"http://{site.network.nodes[0]['rpc'].removeprefix('http://')}/")
    before = await tab.wait_for("document.querySelector('main').innerText")
    site.propose(tmp_path, title="Something happens", proposer="grace")
    await tab.wait_for(f"document.querySelector('main').innerText !== {json.dumps(before)}")
    for width in WIDTHS:
        await tab.look(width=width)
        # One short page has no use for the parts of a site.
        found = [each for each in await tab.evaluate(ACCESSIBILITY) if each not in PARTS_OF_A_SITE]
        assert found == [], f"at {width}"

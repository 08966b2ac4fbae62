"""A headless Chromium driven over the DevTools protocol: what a person does with a page, and what one sees.

Clicks and keys are the browser's own events, sent to where an element is; nothing is called that a person could not do.
"""

from __future__ import annotations

import base64
import itertools
import json
import math
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio
from trio_websocket import WebSocketConnection, open_websocket_url

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
START_SECONDS = 30.0
CALL_SECONDS = 30.0
WAIT_SECONDS = 30.0
POLL_SECONDS = 0.05
MAX_MESSAGE_BYTES = 2**26
"""Screenshots are the largest messages."""
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}

Json = Any


@dataclass(slots=True)
class Tab:
    """One page of the browser."""

    connection: WebSocketConnection
    session: str = ""
    problems: list[str] = field(default_factory=list)
    """What the page threw, wrote to the console as an error, or was refused by its own policy."""
    _ids: Iterator[int] = field(default_factory=itertools.count)
    _answers: dict[int, Json] = field(default_factory=dict)
    _arrived: trio.Condition = field(default_factory=trio.Condition)

    async def listen(self) -> None:
        """Take what the browser says, until the connection ends."""
        while True:
            message = json.loads(await self.connection.get_message())
            if "id" in message:
                async with self._arrived:
                    self._answers[message["id"]] = message
                    self._arrived.notify_all()
            else:
                self._note(message["method"], message.get("params", {}))

    def _note(self, method: str, told: Json) -> None:
        if method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.problems.append(str(details.get("exception", {}).get("description", details["text"])))
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "assert"):
            self.problems.append(" ".join(str(each.get("value", each.get("description"))) for each in told["args"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.problems.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")

    async def call(self, method: str, **parameters: Json) -> Json:
        """The result of a command of the protocol."""
        number = next(self._ids)
        message: Json = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        await self.connection.send_message(json.dumps(message))
        with trio.fail_after(CALL_SECONDS):
            async with self._arrived:
                while number not in self._answers:
                    await self._arrived.wait()
                answer = self._answers.pop(number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    async def evaluate(self, expression: str) -> Json:
        """The value of a JavaScript expression, which may be a promise."""
        told = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, f"{expression}: {told['exceptionDetails']}"
        return told["result"].get("value")

    async def wait_for(self, expression: str, *, seconds: float = WAIT_SECONDS) -> Json:
        """The value of an expression as soon as it is true."""
        with trio.move_on_after(seconds):
            while True:
                if value := await self.evaluate(expression):
                    return value
                await trio.sleep(POLL_SECONDS)
        text = await self.evaluate("document.body.innerText")
        raise AssertionError(f"after {seconds} s not yet: {expression}\n{text}\n{self.problems}")

    async def wait_for_text(self, text: str, *, seconds: float = WAIT_SECONDS) -> None:
        """Wait until the view shows a text."""
        await self.wait_for(f"document.body?.innerText.includes({json.dumps(text)})", seconds=seconds)

    async def goto(self, url: str) -> None:
        """Open an address, and wait until the view there is loaded."""
        await self.evaluate(f"location.href = {json.dumps(url)}, true")
        await self.settled()

    async def settled(self) -> None:
        """Wait until a view is shown and no longer loading."""
        await self.wait_for("document.readyState === 'complete' && document.querySelector('main h1') !== null")

    async def click(self, element: str) -> None:
        """Press the mouse on what a JavaScript expression gives, in its middle."""
        await self.wait_for(f"Boolean({element})")
        where = await self.evaluate(
            f"(() => {{ const it = {element}; it.scrollIntoView({{block: 'center'}});"
            "const at = it.getBoundingClientRect(); return [at.x + at.width / 2, at.y + at.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, x=where[0], y=where[1], button="left", clickCount=1)

    async def write(self, element: str, text: str) -> None:
        """Click into a field and write."""
        await self.click(element)
        await self.call("Input.insertText", text=text)

    async def press(self, key: str) -> None:
        """Press one key of the keyboard."""
        for kind in ("keyDown", "keyUp"):
            text = "\r" if key == "Enter" else key if key == " " else ""
            await self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key], text=text
            )

    async def look(self, *, width: int, dark: bool = False, height: int = 900) -> None:
        """Make the window so wide, and ask for one of the two colour schemes."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])

    async def screenshot(self) -> bytes:
        """A picture of the whole page, as PNG."""
        size = (await self.call("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": math.ceil(size["width"]), "height": math.ceil(size["height"]), "scale": 1}
        shot = await self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(shot["data"])


@asynccontextmanager
async def opened_tab(profile: Path) -> AsyncIterator[Tab]:
    """An empty page of a browser of its own, which ends with it."""
    with _running(profile) as is_running:
        async with open_websocket_url(
            await _address(profile, is_running), max_message_size=MAX_MESSAGE_BYTES
        ) as socket:
            tab = Tab(socket)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(tab.listen)
                target = await tab.call("Target.createTarget", url="about:blank")
                attached = await tab.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
                tab.session = attached["sessionId"]
                for domain in ("Page", "Runtime", "Log"):
                    await tab.call(f"{domain}.enable")
                yield tab
                nursery.cancel_scope.cancel()


@contextmanager
def _running(profile: Path) -> Iterator[Callable[[], bool]]:
    assert CHROMIUM is not None, "the caller has looked whether there is a browser"
    command = (CHROMIUM, "--headless=new", "--no-sandbox", "--remote-debugging-port=0", f"--user-data-dir={profile}")
    quiet = ("--no-first-run", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage")
    process = subprocess.Popen(
        [*command, *quiet, "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield lambda: process.poll() is None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


async def _address(profile: Path, is_running: Callable[[], bool]) -> str:
    told = profile / "DevToolsActivePort"
    with trio.fail_after(START_SECONDS):
        while True:
            assert is_running(), "the browser ended at once"
            if told.exists() and len(lines := told.read_text().splitlines()) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            await trio.sleep(POLL_SECONDS)

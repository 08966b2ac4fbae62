"""How the page is served: nothing from elsewhere, nothing stale, and no script that its policy does not allow."""

import posixpath
import re

import httpx
import pytest
from starlette.applications import Starlette

from daonode.gateway.page import routes
from daonode.gateway.page.serving import TYPES, WORD_LIST, page

IMPORT = re.compile(r"^(?:import|export) [^;]*?from '([^']+)';", re.MULTILINE | re.DOTALL)
ELSEWHERE = re.compile(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}|javascript:|[(\"']data:")
MODULES = sorted(path for path in page().files if path.endswith(".mjs"))


@pytest.fixture
async def client() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=routes()))
    return httpx.AsyncClient(transport=transport, base_url="http://gateway")


def asset(path: str) -> str:
    return f"/assets/{page().version}/{path}"


async def test_the_document_is_asked_for_again_and_answered_once(client: httpx.AsyncClient) -> None:
    first = await client.get("/")
    assert first.status_code == 200
    assert first.headers["content-type"] == "text/html; charset=utf-8"
    assert first.headers["cache-control"] == "no-cache"
    again = await client.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await client.get("/", headers={"If-None-Match": '"of another version"'})
    assert other.status_code == 200


@pytest.mark.parametrize("path", sorted(page().files))
async def test_every_file_has_its_type_and_stays(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(asset(path))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == TYPES[posixpath.splitext(path)[1]]
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content == page().files[path]


@pytest.mark.parametrize("path", ["/assets/0000000000000000/main.mjs", asset("nothing.mjs"), asset("..%2fserving.py")])
async def test_there_is_nothing_else_and_nothing_of_another_version(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", asset("main.mjs"), asset("nothing.mjs")])
async def test_every_answer_carries_the_policy(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


async def test_the_document_runs_and_styles_nothing_inline(client: httpx.AsyncClient) -> None:
    document = (await client.get("/")).text
    assert re.findall(r"<script[^>]*>[^<]+", document) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", document) == []
    for address in re.findall(r'(?:src|href)="(/assets/[^"]+)"', document):
        assert (await client.get(address)).status_code == 200, address


@pytest.mark.parametrize("path", [*MODULES, "style/base.css", "style/parts.css"])
def test_nothing_is_asked_of_anybody_else(path: str) -> None:
    text = page().files[path].decode().replace("http://www.w3.org/2000/svg", "")
    assert ELSEWHERE.findall(text) == []
    assert "innerHTML" not in text


@pytest.mark.parametrize("path", MODULES)
def test_every_import_is_a_file_of_the_page(path: str) -> None:
    for imported in IMPORT.findall(page().files[path].decode()):
        assert posixpath.normpath(posixpath.join(posixpath.dirname(path), imported)) in page().files


@pytest.mark.parametrize("path", [each for each in MODULES if each.startswith("chain/")])
def test_what_signs_and_verifies_knows_no_page(path: str) -> None:
    text = page().files[path].decode()
    assert all(imported.startswith("./") for imported in IMPORT.findall(text))
    assert re.search(r"\b(document|window)\.(?!chain_id)[a-z]", text) is None


def test_the_words_are_those_of_the_commands() -> None:
    words = page().files[WORD_LIST].decode().split()
    assert (len(words), words[0], words[-1]) == (2048, "abandon", "zoo")

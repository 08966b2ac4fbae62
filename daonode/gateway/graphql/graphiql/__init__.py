"""GraphiQL, the page on which GraphQL is tried out: other people's files and the few lines that start it.

README.md says what they are and where they come from. May import Starlette; knows no schema and asks nothing itself.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from daonode.primitives.hashing import sha256

ASSETS: Final = {
    "graphiql.min.css": "text/css",
    "graphiql.min.js": "text/javascript",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "react-dom.min.js": "text/javascript",
    "react.min.js": "text/javascript",
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src data:; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load and run: what is served with it."""


def graphiql_page() -> Response:
    """The page itself; its links are relative to the folder that GraphQL's path stands in."""
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "Vary": "Accept"}
    return HTMLResponse(_content("index.html"), headers=headers)


def graphiql_routes(path: str) -> list[Route]:
    """The routes of what the page loads."""
    return [Route(f"{path}/assets/{name}", _get_asset, methods=["GET"]) for name in ASSETS]


async def _get_asset(request: Request) -> Response:
    name = request.url.path.rpartition("/")[2]
    content = _content(name)
    headers = {"ETag": _tag(name), "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    if _tag(name) in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=ASSETS[name], headers=headers)


@cache
def _tag(name: str) -> str:
    return f'"{sha256(_content(name)).hex()[:32]}"'


@cache
def _content(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()

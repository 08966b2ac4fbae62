"""Serves the page: one document that is asked for again each time, and files that never change under their address.

The address of a file begins with a digest of all of them, so browsers keep them for a year, and a page that is open
while the gateway is replaced never mixes the modules of two versions: it gets those of its own or none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from daonode.primitives.hashing import sha256

DOCUMENT: Final = "index.html"
WORD_LIST: Final = "english.txt"
TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
VERSION_DIGITS: Final = 16
POLICY: Final = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'"
)
"""What the page may load and run: what came from here, and no script that is made of text."""
_EVERY_ANSWER: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_UNTIL_CHANGED: Final = "no-cache"
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Page:
    """The page, read once: its files by path, and what stands for their content in addresses."""

    files: Mapping[str, bytes]
    version: str
    document: bytes

    @property
    def tag(self) -> str:
        """The entity tag of the document, which names all files."""
        return f'"{self.version}"'


def routes() -> list[Route]:
    """The document at `/`, and what it is made of under `/assets/`."""
    return [
        Route("/", _document, methods=["GET"]),
        Route("/assets/{version}/{path:path}", _file, methods=["GET"]),
    ]


@cache
def page() -> Page:
    """The files of the package, and the list of words that keys are made of."""
    static = files(__package__) / "static"
    found = dict(_read(static, ""))
    template = Template(found.pop(DOCUMENT).decode())
    found[WORD_LIST] = (files("mnemonic") / "wordlist" / WORD_LIST).read_bytes()
    whole = b"".join(sha256(path.encode()) + sha256(content) for path, content in sorted(found.items()))
    version = sha256(sha256(template.template.encode()) + whole).hex()[:VERSION_DIGITS]
    assets = f"/assets/{version}"
    modules = sorted(path for path in found if path.endswith(".mjs"))
    preloads = "\n".join(f'<link rel="modulepreload" href="{assets}/{path}">' for path in modules)
    return Page(found, version, template.substitute(assets=assets, preloads=preloads).encode())


def _read(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _read(entry, f"{path}/")
        elif any(entry.name.endswith(suffix) for suffix in (*TYPES, DOCUMENT)):
            yield path, entry.read_bytes()


async def _document(request: Request) -> Response:
    headers = {**_EVERY_ANSWER, "Cache-Control": _UNTIL_CHANGED, "ETag": page().tag}
    if page().tag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(page().document, media_type="text/html", headers=headers)


async def _file(request: Request) -> Response:
    version, path = request.path_params["version"], request.path_params["path"]
    content = page().files.get(path)
    if content is None or version != page().version:
        missing = {**_EVERY_ANSWER, "Cache-Control": "no-store"}
        return PlainTextResponse("there is no such file here; load the page again\n", status_code=404, headers=missing)
    headers = {**_EVERY_ANSWER, "Cache-Control": _FOR_EVER, "ETag": page().tag}
    if page().tag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers={**headers, "Content-Type": TYPES[f".{path.rpartition('.')[2]}"]})

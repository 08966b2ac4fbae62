"""The page that a browser gets from a node: where it stands, its peers, and what there is to call.

One document without anything from elsewhere; its policy allows its own style and script by their hashes. Everything in
it that is not ours is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from daonode.node.rpc.methods import METHODS
from daonode.node.rpc.results import StatusResult
from daonode.primitives.hashing import sha256

_LINKS: Final = (
    ("/livez", "whether the process answers"),
    ("/readyz", "whether it has caught up and has enough peers"),
    ("/metrics", "metrics for Prometheus"),
)
_EXAMPLE: Final = (
    "curl -H 'Content-Type: application/json' {url} \\\n"
    '  -d \'{{"jsonrpc": "2.0", "id": 1, "method": "dao_status", "params": {{}}}}\''
)


def page(status: StatusResult, *, peers: Iterable[tuple[str, str, bool]], obstacles: tuple[str, ...], url: str) -> str:
    """The page; `peers` are name, address and whether connected."""
    content = "\n".join(
        (
            _heading(status, obstacles),
            "<h2>Chain</h2>",
            _facts(status),
            "<h2>Peers</h2>",
            _peers(tuple(peers)),
            "<h2>What there is</h2>",
            _table(("Path", "Answer"), ((f'<a href="{path}">{path}</a>', escape(text)) for path, text in _LINKS)),
            "<h2>JSON-RPC methods</h2>",
            f"<p>POST to this address, for example:</p><pre>{escape(_EXAMPLE.format(url=url))}</pre>",
            _table(
                ("Method", "Answer"),
                ((f"<code>{escape(each.name)}</code>", escape(each.summary)) for each in METHODS.values()),
            ),
        )
    )
    title = escape(f"{status.node.name} · height {status.height} · {status.chain_id}")
    return Template(_asset("html")).substitute(title=title, style=_asset("css"), script=_asset("js"), content=content)


@cache
def content_security_policy() -> str:
    """What the page may load and run: itself."""
    style, script = (f"'sha256-{base64.b64encode(sha256(_asset(kind).encode())).decode()}'" for kind in ("css", "js"))
    return (
        f"default-src 'none'; style-src {style}; script-src {script}; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _asset(kind: str) -> str:
    return files(__package__).joinpath(f"status_page.{kind}").read_text(encoding="utf-8")


def _heading(status: StatusResult, obstacles: tuple[str, ...]) -> str:
    state = '<strong class="good">Ready</strong>'
    if obstacles:
        state = '<strong class="bad">Not ready</strong>: ' + escape("; ".join(obstacles))
    return f"<h1>{escape(status.node.name)} of {escape(status.chain_id)}</h1>\n<p>{state}</p>"


def _facts(status: StatusResult) -> str:
    facts = (
        ("Height", str(status.height)),
        ("Round", str(status.round)),
        ("Last block", status.time),
        ("Block id", status.block_id),
        ("State root", status.state_root),
        ("Mempool", f"{status.mempool.transactions} transactions, {status.mempool.bytes} bytes"),
        ("Validator", status.validator or "none: a full node"),
        ("Genesis", status.genesis_hash),
        ("Version", f"daonode {status.node.version}"),
    )
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in facts) + "</dl>"


def _peers(peers: tuple[tuple[str, str, bool], ...]) -> str:
    if not peers:
        return "<p>None is listed.</p>"
    return _table(
        ("Name", "Address", "State"),
        (
            (
                escape(name),
                escape(address),
                '<span class="good">connected</span>' if connected else '<span class="bad">not connected</span>',
            )
            for name, address, connected in peers
        ),
    )


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="scroll">{table}</div>'

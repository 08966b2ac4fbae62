"""Rules about sizes, names, docstrings and what stands beside an ignore: for every Python file of ours."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache

from tests.tidy.finding import Finding
from tests.tidy.sources import Source

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_IGNORES = 10
MIN_REASON_LETTERS = 15

# A word that may not be part of a name -> what to write instead.
BANNED_WORDS = {
    "acct": "account",
    "addr": "address",
    "amt": "amount",
    "arr": "the plural of what it holds",
    "blk": "block",
    "buf": "buffer",
    "cb": "the name of what is called back",
    "cert": "certificate",
    "cfg": "configuration",
    "cnt": "count",
    "ctx": "context",
    "cur": "current",
    "dst": "target",
    "elem": "the name of the thing",
    "err": "error",
    "foo": "the name of the thing",
    "bar": "the name of the thing",
    "baz": "the name of the thing",
    "hdr": "header",
    "idx": "index",
    "msg": "message",
    "msgs": "messages",
    "num": "count",
    "obj": "the name of the thing",
    "privkey": "seed, or private_key",
    "pubkey": "public_key",
    "req": "request",
    "res": "result",
    "resp": "response",
    "sig": "signature",
    "sigs": "signatures",
    "src": "source",
    "temp": "the name of what it holds",
    "tmp": "the name of what it holds",
    "txn": "tx, or transaction",
    "val": "value, or validator",
    "vals": "values, or validators",
}
# A word that may not be part of the name of a file or a class: it does not say what is inside.
VAGUE_WORDS = frozenset({"common", "helper", "helpers", "manager", "mgr", "misc", "util", "utils"})
# A whole name that may not be used -> what to write instead.
BANNED_NAMES = {
    "data_list": "the plural of what it holds",
    "l": "a word (it looks like 1)",
    "vote_power": "voting_power",
}
# The same where rounds are spoken of: elsewhere a view may be a memoryview, a page or a state that is read.
BANNED_PROTOCOL_NAMES = {"view": "round: one word an idea", "view_number": "round: one word an idea"}
PROTOCOL_FOLDERS = ("daonode/consensus/", "daonode/replica/", "daonode/signer/")
# Names that pytest and click give.
GIVEN_NAMES = frozenset({"ctx", "tmp_path", "tmp_path_factory"})
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
IGNORE = re.compile(
    r"#\s*(?:type:\s*ignore|noqa)"
    r"(?P<code>\[[\w,\s-]+\]|:\s*[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)?"
    r"(?P<reason>.*)"
)
STATES_ITS_BOUNDS = re.compile(r"\b(imports?|knows?|not|only|nothing|never)\b", re.IGNORECASE)


def file_lengths(source: Source) -> Iterator[Finding]:
    lines = len(source.text.splitlines())
    if lines > MAX_FILE_LINES:
        yield Finding(source.path, lines, f"{lines} lines; {MAX_FILE_LINES} at most: it is probably two files")


def function_lengths(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            lines = node.end_lineno - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield Finding(source.path, node.lineno, f"{node.name} has {lines} lines; {MAX_FUNCTION_LINES} at most")


def names(source: Source) -> Iterator[Finding]:
    stem = source.path.rsplit("/", 1)[-1].removesuffix(".py")
    declared = [(stem, 1), *_declared_names(source.tree)]
    titles = [
        (stem, 1),
        *((node.name, node.lineno) for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)),
    ]
    for title, line in titles:
        for word in _words(title):
            if word in VAGUE_WORDS:
                yield Finding(source.path, line, f"{word!r} in the name {title}: write what it does or holds")
    banned = BANNED_NAMES | (BANNED_PROTOCOL_NAMES if source.path.startswith(PROTOCOL_FOLDERS) else {})
    for name, line in declared:
        if name in GIVEN_NAMES:
            continue
        if name in banned:
            yield Finding(source.path, line, f"the name {name}: write {banned[name]}")
        for word in _words(name):
            better = BANNED_WORDS.get(word)
            if better is not None:
                yield Finding(source.path, line, f"{word!r} in the name {name}: write {better}")


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def _declared_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno


def docstrings(source: Source) -> Iterator[Finding]:
    if not source.is_package_code:
        return
    docstring = ast.get_docstring(source.tree)
    if docstring is None:
        yield Finding(source.path, 1, "no module docstring: say what the file is, its rules and what it must not know")
    elif source.path.endswith("/__init__.py") and not STATES_ITS_BOUNDS.search(docstring):
        yield Finding(source.path, 1, "the package's docstring must say what it may import, or must not know")


def unfinished(source: Source) -> Iterator[Finding]:
    for token in _comments(source):
        if UNFINISHED.search(token.string):
            yield Finding(source.path, token.start[0], "an unfinished part: finish it or leave it out")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and node.id == "NotImplementedError":
            yield Finding(source.path, node.lineno, "NotImplementedError: a stub is not delivered; use a Protocol")


def ignores(source: Source) -> Iterator[Finding]:
    """Yields each ignore in the package that has no code, or no reason: on its line, or as a comment just above."""
    lines = source.text.splitlines()
    for token in ignore_comments(source):
        match = IGNORE.search(token.string)
        assert match is not None
        line = token.start[0]
        if match["code"] is None:
            yield Finding(source.path, line, "an ignore names what it ignores: type: ignore[code], noqa: CODE")
        is_explained_above = line > 1 and lines[line - 2].lstrip().startswith("#")
        if not is_explained_above and sum(map(str.isalpha, match["reason"])) < MIN_REASON_LETTERS:
            yield Finding(source.path, line, "an ignore has its reason on its line, or as a comment just above")


def ignore_comments(source: Source) -> list[tokenize.TokenInfo]:
    """The comments that silence a checker. They are allowed in tests and scripts without count or reason."""
    return [token for token in _comments(source) if IGNORE.search(token.string)] if source.is_package_code else []


@cache
def _comments(source: Source) -> tuple[tokenize.TokenInfo, ...]:
    tokens = tokenize.generate_tokens(io.StringIO(source.text).readline) if "#" in source.text else ()
    return tuple(token for token in tokens if token.type == tokenize.COMMENT)

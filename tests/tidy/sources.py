"""Finds the files that the tidy rules read, and parses the Python ones once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CODE_FOLDERS = ("daonode", "tests", "benchmarks", "scripts")
CORE_FOLDERS = ("primitives", "consensus", "ledger", "vm", "modules", "genesis", "replica")

# Made, fetched or other people's: not ours to judge.
SKIPPED_FOLDERS = frozenset({"build", "dist", "node_modules", "__pycache__"})
KEPT_DOTTED_FOLDERS = frozenset({".ci", ".github"})
TEXT_SUFFIXES = frozenset(
    {"", ".py", ".md", ".cfg", ".toml", ".txt", ".json", ".yml", ".yaml", ".html", ".css", ".js", ".mjs", ".sh", ".svg"}
)


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: its path from the root of the repository, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def is_package_code(self) -> bool:
        return self.path.startswith("daonode/")

    @property
    def is_core(self) -> bool:
        parts = self.path.split("/")
        return parts[0] == "daonode" and len(parts) > 2 and parts[1] in CORE_FOLDERS


def source_of(path: str, text: str) -> Source:
    """Parses one file. Raises SyntaxError where it is not Python."""
    return Source(path=path, text=text, tree=ast.parse(text, filename=path))


@cache
def python_sources() -> tuple[Source, ...]:
    """Every Python file of ours, by path."""
    paths = [path for folder in CODE_FOLDERS for path in _walk(ROOT / folder) if path.suffix == ".py"]
    return tuple(
        source_of(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in sorted(paths)
    )


@cache
def text_files() -> tuple[tuple[str, str], ...]:
    """The path and the text of every text file of ours, by path."""
    paths = [path for path in _walk(ROOT) if path.suffix in TEXT_SUFFIXES]
    return tuple(
        (path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace"))
        for path in sorted(paths)
    )


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_symlink():
            continue
        if path.is_dir():
            dotted = path.name.startswith(".") and path.name not in KEPT_DOTTED_FOLDERS
            if not dotted and path.name not in SKIPPED_FOLDERS and not path.name.endswith(".egg-info"):
                yield from _walk(path)
        elif path.is_file():
            yield path

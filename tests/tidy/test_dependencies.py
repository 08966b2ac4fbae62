"""The requirements in setup.cfg are exactly what the package imports, and the lock holds each of them."""

import ast
import re
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from importlib.metadata import packages_distributions

from tests.tidy.sources import ROOT, python_sources

NAME = re.compile(r"[A-Za-z0-9._-]+")


def canonical(text: str) -> str:
    """Returns the name of a distribution, without its version, in the one spelling that compares equal."""
    match = NAME.match(text)
    assert match is not None, f"{text!r} is not a requirement"
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def required_distributions() -> list[str]:
    configuration = ConfigParser()
    configuration.read(ROOT / "setup.cfg", encoding="utf-8")
    return sorted(canonical(line) for line in configuration["options"]["install_requires"].split("\n") if line)


def imported_modules(tree: ast.AST) -> Iterator[str]:
    """Yields the top-level name of each import that is executed: what only a type checker reads is not required."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import(names=imported):
                yield from (alias.name.split(".")[0] for alias in imported)
            case ast.ImportFrom(module=str(module)):
                yield module.split(".")[0]
            case _:
                yield from imported_modules(node)


def imported_distributions() -> list[str]:
    package = [source for source in python_sources() if source.is_package_code]
    modules = {module for source in package for module in imported_modules(source.tree)}
    foreign = modules - sys.stdlib_module_names - {"daonode"}
    distributions = packages_distributions()
    return sorted({canonical(distributions[module][0]) for module in foreign})


def test_what_is_imported_is_required_and_what_is_required_is_imported() -> None:
    assert imported_distributions() == required_distributions()


def test_the_lock_holds_every_requirement() -> None:
    lock = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8")
    locked = {canonical(line) for line in lock.splitlines() if re.match(r"[a-z0-9]", line)}
    assert [name for name in required_distributions() if name not in locked] == []

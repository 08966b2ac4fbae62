"""What the documents say about the repository is so: links lead somewhere, every folder is on the map."""

import re

import pytest

from tests.tidy.sources import ROOT, text_files

LINK = re.compile(r"\[[^\]]*\]\((?!https?://|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
MODULE_NAMES = (
    "errors",
    "events",
    "expected",
    "genesis",
    "handlers",
    "invariants",
    "keeper",
    "keys",
    "messages",
    "module",
    "params",
    "queries",
    "types",
)


def documents() -> list[tuple[str, str]]:
    return [(path, text) for path, text in text_files() if path.endswith(".md")]


def packages_in(folder: str) -> list[str]:
    return sorted(path.parent.name for path in (ROOT / folder).glob("*/__init__.py"))


@pytest.mark.parametrize(("path", "text"), documents(), ids=lambda value: value if value.endswith(".md") else "")
def test_every_relative_link_leads_to_a_file(path: str, text: str) -> None:
    missing = [target for target in LINK.findall(text) if not ((ROOT / path).parent / target).exists()]
    if missing:
        pytest.fail(f"{path} links to what is not there: {', '.join(missing)}", pytrace=False)


@pytest.mark.parametrize("folder", packages_in("daonode"))
def test_every_folder_of_the_package_is_on_the_map_of_the_readme(folder: str) -> None:
    assert f"(daonode/{folder}/)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("module", packages_in("daonode/modules"))
def test_every_module_has_the_same_names(module: str) -> None:
    folder = ROOT / "daonode" / "modules" / module
    present = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    missing = [name for name in MODULE_NAMES if name not in present]
    if not (folder / "README.md").exists():
        missing.append("README.md")
    if missing:
        pytest.fail(f"daonode/modules/{module}/ lacks {', '.join(missing)}", pytrace=False)


def test_every_decision_record_is_listed() -> None:
    listing = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    records = sorted(path.name for path in (ROOT / "docs" / "adr").glob("*.md"))
    assert records
    assert [name for name in records if f"(adr/{name})" not in listing] == []

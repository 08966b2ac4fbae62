"""A module's README specifies it: the messages, events, errors and queries that it lists are those that there are."""

import re
from importlib import import_module

import pytest
from msgspec.structs import fields

from daonode.ledger.errors import TransactionError
from daonode.ledger.module import Module
from daonode.ledger.registry import discover
from tests.tidy.sources import ROOT
from tests.tidy.test_documents import packages_in

MODULES = discover(packages_in("daonode/modules")).modules
ERROR_ROW = re.compile(r"^\| (\d{4}) \| `(\w+)` \|", re.MULTILINE)
MESSAGE_ROW = re.compile(r"^\| `(\w+)\{([^}]*)\}` \|", re.MULTILINE)
EVENT_NAME = re.compile(r"`([A-Z]\w+)`")
QUERY_NAME = re.compile(r"`([a-z_]+)(?:\{[^}]*\})?`")

each_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)


def readme(module: Module) -> str:
    return (ROOT / "daonode" / "modules" / module.name / "README.md").read_text(encoding="utf-8")


def section(module: Module, title: str) -> str:
    _, _, after = readme(module).partition(f"\n## {title}\n")
    return after.partition("\n## ")[0]


def errors_of(module: Module) -> list[type[TransactionError]]:
    """The errors that a sender can meet: a class that others refine is none of them."""
    errors = import_module(f"daonode.modules.{module.name}.errors")
    own = [value for value in vars(errors).values() if getattr(value, "__module__", "") == errors.__name__]
    return [value for value in own if issubclass(value, TransactionError) and not value.__subclasses__()]


@each_module
def test_the_errors_listed_are_those_that_there_are(module: Module) -> None:
    rows = ERROR_ROW.findall(section(module, "Errors"))
    assert rows == [(str(error.code), error.reason) for error in sorted(errors_of(module), key=lambda each: each.code)]


def test_no_two_errors_share_a_code_or_a_reason() -> None:
    errors = [error for module in MODULES for error in errors_of(module)]
    assert len({error.code for error in errors}) == len({error.reason for error in errors}) == len(errors)


@each_module
def test_the_messages_listed_are_those_that_there_are(module: Module) -> None:
    rows = {
        name: [field.strip() for field in listed.split(",") if field]
        for name, listed in MESSAGE_ROW.findall(readme(module))
    }
    assert rows == {
        message.__name__: [field.name + ("" if field.required else "?") for field in fields(message)]
        for message in module.messages
    }


@each_module
def test_the_events_listed_are_those_that_there_are(module: Module) -> None:
    assert sorted(EVENT_NAME.findall(section(module, "Events"))) == sorted(event.__name__ for event in module.events)


@each_module
def test_the_queries_listed_are_those_that_there_are(module: Module) -> None:
    assert sorted(QUERY_NAME.findall(section(module, "Queries"))) == sorted(module.queries)

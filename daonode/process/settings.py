"""A process's settings: a TOML file, overridden by the environment, overridden by flags.

The type of the settings is a record of sections, each a record of keys. `DAONODE_RPC_LISTEN` overrides `listen` of
section `[rpc]`, and so on for every key that one text can give: a value, or a list of texts separated by commas. An
unknown key is an error that names the nearest known one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

import tomli_w
from msgspec.structs import fields

from daonode.primitives.codec import Record
from daonode.primitives.json_form import JsonFormError, from_json, suggestion, to_json
from daonode.primitives.strict_toml import StrictTomlError, parse_toml

ENVIRONMENT_PREFIX: Final = "DAONODE"
MAX_FILE_BYTES: Final = 1024 * 1024

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["console", "json"]
S = TypeVar("S", bound=Record)


class ConfigError(Exception):
    """The configuration is not usable; the text names the file or variable, the key, and what would be right."""


class LogSection(Record, frozen=True):
    """What is written to standard error, and how."""

    level: LogLevel = "info"
    format: LogFormat = "console"


def load_settings(
    path: Path,
    type_: type[S],
    *,
    environment: Mapping[str, str],
    overrides: Mapping[tuple[str, str], str] | None = None,
    unchecked: Sequence[str] = (),
) -> S:
    """Read settings; a missing file means the defaults.

    `overrides` are flags, by section and key: `("rpc", "listen")` is `--rpc-listen`. Variables of sections that are
    `unchecked` may have other names.

    Raises:
        ConfigError: the file or a value is not what it must be, or a variable of a section overrides nothing.
    """
    data = _read(path)
    try:
        from_json(data, type_, str(path.name))
    except JsonFormError as error:
        raise ConfigError(f"in {path}: {error.path.removeprefix(path.name + '.')}: {error.reason}") from error
    keys = _keys_of(type_)
    _check_names(environment, keys, unchecked=unchecked)
    flags = overrides or {}
    for key in keys:
        for name, text in (
            (key.variable, environment.get(key.variable)),
            (key.flag, flags.get((key.section, key.name))),
        ):
            if text is None:
                continue
            _override(data, key, text)
            try:
                from_json(data, type_, "")
            except JsonFormError as error:
                raise ConfigError(f"{name}: {error.reason}") from error
    return from_json(data, type_, "")


def write_settings(path: Path, settings: Record) -> None:
    """Write settings, every key with its value."""
    path.write_text(tomli_w.dumps(_without_null(to_json(settings))))


@dataclass(frozen=True, slots=True)
class _Key:
    """A key that one text can give."""

    section: str
    name: str
    hint: object

    @property
    def variable(self) -> str:
        return f"{ENVIRONMENT_PREFIX}_{self.section}_{self.name}".upper()

    @property
    def flag(self) -> str:
        return f"--{self.section}-{self.name}"


def _read(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    try:
        return parse_toml(content, max_bytes=MAX_FILE_BYTES)
    except StrictTomlError as error:
        raise ConfigError(f"{path}: {error}") from error


def _keys_of(type_: type[Record]) -> list[_Key]:
    found: list[_Key] = []
    for section, section_type in get_type_hints(type_).items():
        hints = get_type_hints(section_type, include_extras=True)
        found.extend(
            _Key(section, field.name, hints[field.name])
            for field in fields(section_type)
            if not _is_list_of_records(hints[field.name])
        )
    return found


def _is_list_of_records(hint: object) -> bool:
    return any(isinstance(each, type) and issubclass(each, Record) for each in get_args(hint))


def _check_names(environment: Mapping[str, str], keys: Sequence[_Key], *, unchecked: Sequence[str]) -> None:
    """Refuse a variable that looks like an override and is none: it would be thought to work."""
    known = tuple(key.variable for key in keys)
    sections = dict.fromkeys(key.section for key in keys if key.section not in unchecked)
    prefixes = tuple(f"{ENVIRONMENT_PREFIX}_{section}_".upper() for section in sections)
    for name in sorted(environment):
        if name.startswith(prefixes) and name not in known:
            raise ConfigError(f"{name}: no such variable; {suggestion(name, known)}")


def _override(data: dict[str, object], key: _Key, text: str) -> None:
    base = get_args(key.hint)[0] if get_origin(key.hint) is Annotated else key.hint
    value: object = text
    if base is bool:
        value = {"true": True, "false": False}.get(text.lower(), text)
    elif base is int:
        value = int(text) if text.isascii() and text.isdecimal() else text
    elif get_origin(base) is tuple:
        value = [part.strip() for part in text.split(",") if part.strip()]
    table = data.setdefault(key.section, {})
    assert isinstance(table, dict), "the file's sections have been checked"
    table[key.name] = value


def _without_null(value: object) -> dict[str, object]:
    """TOML has no null: a key without a value is left out."""
    assert isinstance(value, dict), "records, sections and what stands in them are objects"
    cleaned: dict[str, object] = {}
    for key, each in value.items():
        if isinstance(each, dict):
            cleaned[key] = _without_null(each)
        elif isinstance(each, list):
            cleaned[key] = [_without_null(item) if isinstance(item, dict) else item for item in each]
        elif each is not None:
            cleaned[key] = each
    return cleaned

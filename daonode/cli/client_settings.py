"""`config/client.toml` of a home: what a person does not want to type. Options and the environment go before it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import tomli_w

from daonode.client.errors import InvalidUrl
from daonode.client.transport import check_url
from daonode.primitives.json_form import suggestion
from daonode.primitives.strict_toml import StrictTomlError, parse_toml

MAX_SETTINGS_BYTES = 64 * 1024
DEFAULT_RPC = "http://127.0.0.1:26657"


class ClientSettingsError(Exception):
    """The file is not usable; the text names the file, the key, and what would be right."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Section `[client]`; an empty text stands for the command's own default."""

    rpc: str = ""
    output: str = ""
    from_: str = ""


FORMATS = ("table", "json", "yaml")
KEYS = tuple(field.name.rstrip("_") for field in fields(ClientSettings))


def load_client_settings(path: Path) -> ClientSettings:
    """Read the file; a missing one means the defaults.

    Raises:
        ClientSettingsError: it is not TOML, or a section, key or value is not what it must be.
    """
    try:
        data = parse_toml(path.read_bytes(), max_bytes=MAX_SETTINGS_BYTES)
    except FileNotFoundError:
        return ClientSettings()
    except StrictTomlError as error:
        raise ClientSettingsError(f"{path}: {error}") from error
    for section in data:
        if section != "client":
            raise ClientSettingsError(f"in {path}: unknown section {section!r}; {suggestion(section, ('client',))}")
    client = data.get("client", {})
    if not isinstance(client, dict):
        raise ClientSettingsError(f"in {path}: client: expected a section [client]")
    values: dict[str, str] = {}
    for key, value in client.items():
        if key not in KEYS:
            raise ClientSettingsError(f"in {path}: client.{key}: unknown key; {suggestion(key, KEYS)}")
        if not isinstance(value, str):
            raise ClientSettingsError(f"in {path}: client.{key}: expected text in quotes, got {value!r}")
        if key == "output" and value not in FORMATS:
            raise ClientSettingsError(f"in {path}: client.output: {value!r}; {suggestion(value, FORMATS)}")
        if key == "rpc":
            _check_rpc(value, path)
        values["from_" if key == "from" else key] = value
    return ClientSettings(**values)


def _check_rpc(value: str, path: Path) -> None:
    try:
        check_url(value)
    except InvalidUrl as error:
        raise ClientSettingsError(f"in {path}: client.rpc: {error}") from error


def write_client_settings(path: Path, *, rpc: str) -> None:
    """Write the URL of the node that commands ask, over what the file said; whoever reads sees one whole file."""
    beside = path.with_suffix(".new")
    beside.write_text(tomli_w.dumps({"client": {"rpc": rpc}}))
    beside.replace(path)

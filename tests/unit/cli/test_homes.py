"""Homes and documents without a node: init, genesis, config, doctor, testnet init."""

import json
import socket
import stat
from pathlib import Path

import pytest

from daonode.cli.failures import ExitCode
from daonode.cli.network.development import CLOCK_FILE, clock_of, prepare
from daonode.cli.network.errors import TestnetError
from daonode.cli.network.ports import FreePorts, assign_ports
from daonode.genesis.document import load_document
from tests.unit.cli.running import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(home=tmp_path / "home")


def _make_testnet(shell: Shell, directory: Path, *options: str) -> dict[str, object]:
    result = shell.run("testnet", "init", "--validators", "4", "-o", directory, "-o", "json", *options)
    assert result.code == 0, result.said
    made: dict[str, object] = result.data
    return made


def test_init_makes_a_home_whose_secrets_are_private(shell: Shell) -> None:
    made = shell.json("init", "--name", "solo")
    assert made["validator_public_key"].startswith("0x")
    for name in ("node_key", "validator_key"):
        assert stat.S_IMODE((shell.home / "config" / name).stat().st_mode) == 0o600


def test_init_overwrites_nothing(shell: Shell) -> None:
    shell.json("init")
    before = (shell.home / "config" / "validator_key").read_bytes()
    assert shell.here("init").code == ExitCode.USAGE
    assert (shell.home / "config" / "validator_key").read_bytes() == before


def test_a_full_node_has_no_consensus_key(shell: Shell) -> None:
    assert shell.json("init", "--full-node")["validator_public_key"] is None
    assert not (shell.home / "config" / "validator_key").exists()


def test_a_chain_is_made_from_its_parts(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "genesis.json"
    shell.json("init")
    shell.json("keys", "add", "me", "--no-password")
    accounts = ("--account", "me=1_000", "--member", "me=Me", "--registrar", "me", "--treasury", "eur=7")
    shell.json("genesis", "new", "--chain-id", "daonode:solo", *accounts, "-f", file)
    assert shell.here("genesis", "validate", file).code == ExitCode.USAGE
    added = shell.json("genesis", "add-validator", file, "--moniker", "solo", "--payout", "me")
    valid = shell.json("genesis", "validate", file)
    assert valid["hash"] == added["hash"] == shell.json("genesis", "hash", file)["hash"]
    assert valid["validators"] == 1


def test_a_genesis_error_names_the_place_in_the_document(shell: Shell, tmp_path: Path) -> None:
    _make_testnet(shell, tmp_path / "net")
    document = json.loads((tmp_path / "net" / "genesis.json").read_text())
    document["modules"]["accounts"]["accounts"][0]["balances"][0]["amount"] = "-1"
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(document))
    result = shell.here("genesis", "validate", broken)
    assert result.code == ExitCode.USAGE
    assert "$.modules.accounts.accounts[0].balances[0].amount" in result.said


def test_a_test_network_has_homes_a_document_and_funded_members(shell: Shell, tmp_path: Path) -> None:
    net = tmp_path / "net"
    _make_testnet(shell, net, "--voting-period", "6s", "--timelock", "1s")
    accounts = json.loads((net / "accounts.json").read_text())
    names = [account["name"] for account in accounts]
    assert {"alice", "bob", "carol", "dave"} <= set(names)
    assert all(set(account) == {"name", "address", "mnemonic"} for account in accounts)
    document = load_document((net / "genesis.json").read_bytes()).to_json()
    modules = document["modules"]
    assert isinstance(modules, dict)
    members = [member["account"] for member in modules["identity"]["members"]]  # type: ignore[index,call-overload]
    assert len(members) == 12
    for index in range(4):
        home = Shell(home=net / f"node{index}")
        assert home.json("genesis", "hash") == Shell(home=net / "node0").json("genesis", "hash")
        assert home.json("config", "validate")["valid"] is True


def test_the_same_seed_gives_the_same_accounts(shell: Shell, tmp_path: Path) -> None:
    for name, seed in (("a", "s"), ("b", "s"), ("c", "t")):
        _make_testnet(shell, tmp_path / name, "--seed", seed)
    a, b, c = ((tmp_path / name / "accounts.json").read_text() for name in "abc")
    assert a == b != c


def test_a_network_is_not_written_over_something_else(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    result = shell.run("testnet", "init", "-o", tmp_path)
    assert result.code == ExitCode.USAGE
    assert "not empty" in result.said


def test_ports_are_chosen_once_and_told_to_all_peers(shell: Shell, tmp_path: Path) -> None:
    _make_testnet(shell, tmp_path / "net")
    first = assign_ports(tmp_path / "net", FreePorts(print))
    assert assign_ports(tmp_path / "net", FreePorts(print)) == first
    assert len({port for node in first for port in (node.p2p, node.rpc, node.metrics)}) == 12
    config = Shell(home=tmp_path / "net" / "node2").json("config", "validate")["node"]
    assert [peer["address"] for peer in config["p2p"]["peers"]] == [node.p2p for node in first]


def test_a_port_that_was_taken_is_replaced_and_told(shell: Shell, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        _make_testnet(shell, tmp_path / "net", "--base-port", str(port))
        told: list[str] = []
        nodes = assign_ports(tmp_path / "net", FreePorts(told.append))
    assert nodes[0].p2p != f"/ip4/127.0.0.1/tcp/{port}"
    assert any(str(port) in text for text in told)


def test_an_unknown_key_of_the_configuration_names_the_nearest(shell: Shell) -> None:
    shell.json("init")
    path = shell.home / "config" / "node.toml"
    path.write_text(path.read_text().replace("[log]\nlevel", "[log]\nlevle"))
    result = shell.here("config", "validate")
    assert result.code == ExitCode.USAGE
    assert "'level'" in result.said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[client]\nrcp = 'x'", "'rpc'"),
        ("[clinet]\nrpc = 'x'", "'client'"),
        ("[client]\nrpc = 7", "expected text"),
        ("[client]\noutput = 'jsn'", "'json'"),
        ("[client", "not TOML"),
    ],
)
def test_a_wrong_client_file_says_what_would_be_right(shell: Shell, text: str, said: str) -> None:
    shell.json("init")
    (shell.home / "config" / "client.toml").write_text(text)
    result = shell.here("status")
    assert result.code == ExitCode.USAGE
    assert said in result.said


def test_the_client_file_chooses_how_results_are_shown(shell: Shell) -> None:
    shell.json("init")
    (shell.home / "config" / "client.toml").write_text("[client]\noutput = 'json'")
    assert shell.here("config", "validate").data["client"]["output"] == "json"


def test_doctor_says_what_to_do_about_an_unfinished_home(shell: Shell) -> None:
    shell.json("init")
    (shell.home / "config" / "node_key").chmod(0o644)
    result = shell.here("doctor", "--rpc", "http://127.0.0.1:9", "-o", "json")
    assert result.code == ExitCode.USAGE
    wrong = {row["check"]: row["said"] for row in result.data if not row["ok"]}
    assert "chmod 600" in wrong["host key"]
    assert "is missing" in wrong["genesis"]


def test_doctor_finds_nothing_wrong_with_a_new_home_of_a_network(shell: Shell, tmp_path: Path) -> None:
    _make_testnet(shell, tmp_path / "net")
    result = Shell(home=tmp_path / "net" / "node0").here("doctor", "--rpc", "http://127.0.0.1:9", "-o", "json")
    assert result.code == 0, result.written


def test_a_development_network_is_made_once_and_anew_on_request(tmp_path: Path) -> None:
    directory = tmp_path / "dev"
    prepare(directory, voting_ms=1_000, timelock_ms=1_000, base_port=None, reset=False)
    clock_of(directory).warp(5_000)
    prepare(directory, voting_ms=1_000, timelock_ms=1_000, base_port=None, reset=False)
    assert clock_of(directory).offset_ms == 5_000
    prepare(directory, voting_ms=1_000, timelock_ms=1_000, base_port=None, reset=True)
    assert clock_of(directory).offset_ms == 0


def test_the_clock_of_a_network_that_does_not_run_is_moved_at_once(tmp_path: Path) -> None:
    directory = tmp_path / "dev"
    prepare(directory, voting_ms=1_000, timelock_ms=1_000, base_port=None, reset=False)
    result = Shell(home=directory).here("dev", "warp", "7d")
    assert result.code == 0, result.written
    assert clock_of(directory).offset_ms == 7 * 86_400_000


def test_a_reset_never_removes_what_is_no_development_network(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(TestnetError):
        prepare(tmp_path, voting_ms=1_000, timelock_ms=1_000, base_port=None, reset=True)
    assert (tmp_path / "file").read_text() == "mine"
    assert not (tmp_path / CLOCK_FILE).exists()


def test_a_warp_without_a_development_network_is_a_usage_error(shell: Shell) -> None:
    result = shell.here("dev", "warp", "7d")
    assert result.code == ExitCode.USAGE
    assert "daonode dev" in result.said

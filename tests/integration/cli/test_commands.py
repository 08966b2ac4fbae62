"""Every other command against a real network, its JSON parsed, and the exit codes that need a chain."""

import json
import re
from pathlib import Path

import pytest
import yaml

from daonode.cli.failures import ExitCode
from tests.integration.cli.network import Network
from tests.unit.cli.running import Shell


def test_status_of_every_node_is_on_one_chain(network: Network) -> None:
    statuses = [network.shell_of(index).json("status") for index in range(4)]
    assert {"chain_id", "height", "round", "catching_up"} <= set(statuses[0])
    assert len({status["genesis_hash"] for status in statuses}) == 1


def test_network_json_says_where_each_process_is(network: Network) -> None:
    content = json.loads((network.directory / "network.json").read_text())
    assert content["chain_id"] == network.shell.json("status")["chain_id"]
    assert [set(node) for node in content["nodes"]] == [{"name", "home", "pid", "p2p", "rpc", "metrics"}] * 4


@pytest.mark.parametrize(
    "command",
    [
        "version",
        "status",
        "doctor",
        "config validate",
        "genesis validate",
        "genesis hash",
        "keys list",
        "keys show alice",
        "keys export alice",
        "member list",
        "member show alice",
        "treasury balance",
        "treasury balance eur",
        "treasury spends",
        "treasury outflow",
        "treasury outflow dao",
        "validator list",
        "validator show node2",
        "proposal list",
        "query",
        "query governance",
        "query accounts balance alice",
        "query accounts balance alice --asset eur",
        "query governance tracks",
        "query governance voting_power alice 1",
        "query identity members --limit 3",
    ],
)
def test_its_json_and_its_yaml_can_be_read(shell: Shell, command: str) -> None:
    assert shell.json(*command.split())
    result = shell.here(*command.split(), "-o", "yaml")
    assert result.code == 0
    assert yaml.safe_load(result.written)
    shown = shell.here(*command.split())
    assert shown.code == 0
    assert shown.written or "none" in shown.said


def test_a_registrar_makes_a_new_key_a_member(shell: Shell) -> None:
    address = shell.json("keys", "add", "zoe", "--no-password")["address"]
    registered = shell.json("member", "register", "zoe", "--role", "auditor", "--from", "registrar")
    assert registered["account"] == address
    assert shell.json("member", "show", "zoe")["role"] == "auditor"


def test_a_transaction_is_built_signed_sent_and_proven_from_files(shell: Shell, tmp_path: Path) -> None:
    file, copy = tmp_path / "t.json", tmp_path / "u.json"
    message = ("accounts.Transfer", "destination=bob", "asset=dao", "amount=7")
    built = shell.json("tx", "build", *message, "--from", "karl", "--memo", "rent", "-f", file)
    assert built["signed_by"] == []
    shell.json("tx", "sign", file, "--from", "karl", "-f", copy)
    shell.json("tx", "combine", file, copy, "-f", file)
    assert len(shell.json("tx", "decode", file)["signed_by"]) == 1
    sent = shell.json("tx", "broadcast", file)
    assert sent["tx_id"] == built["tx_id"]
    assert shell.json("tx", "wait", sent["tx_id"])["status"] == "committed"
    shown = shell.json("tx", "show", sent["tx_id"])
    assert shown["memo"] == "rent"
    assert "verified" not in shown
    assert shell.json("tx", "show", sent["tx_id"], "--proof")["verified"] is True


def test_without_waiting_the_height_is_not_known_yet(shell: Shell) -> None:
    sent = shell.json("vote", "delegate", "frank", "--track", "root", "--from", "lena", "--no-wait")
    assert sent["height"] is None
    assert shell.json("tx", "wait", sent["tx_id"])["height"] > 0


def test_a_proof_by_a_node_of_another_chain_is_refused(network: Network, tmp_path: Path) -> None:
    made = network.shell.run("testnet", "init", "--validators", "1", "-o", tmp_path / "other")
    assert made.code == 0, made.said
    sent = network.shell.json("vote", "delegate", "frank", "--track", "community", "--from", "heidi")
    other = Shell(home=tmp_path / "other" / "node0")
    rpc = network.nodes[0]["rpc"]
    result = other.here("tx", "show", sent["tx_id"], "--proof", "--rpc", rpc)
    assert result.code == ExitCode.UNREACHABLE
    assert "not proven to be final" in result.said


def test_nothing_is_signed_for_another_chain_than_the_home_s(network: Network, tmp_path: Path) -> None:
    made = network.shell.run("testnet", "init", "--chain-id", "daonode:other", "-o", tmp_path / "other")
    assert made.code == 0, made.said
    other = Shell(home=tmp_path / "other" / "node0")
    delegate = ("vote", "delegate", "bob", "--track", "root", "--from", "alice", "--rpc", network.nodes[0]["rpc"])
    for simulated_or_not in ((), ("--gas-limit", "100000")):
        result = other.here(*delegate, *simulated_or_not)
        assert result.code == ExitCode.USAGE
        assert "this home on daonode:other" in result.said


def test_two_of_three_keys_send_from_a_shared_account(shell: Shell, tmp_path: Path) -> None:
    keys = sorted(shell.json("keys", "show", name)["public_key"] for name in ("grace", "heidi", "ivan"))
    members = [{"kind": "key", "public_key": key, "weight": 1} for key in keys]
    policy = {"kind": "threshold", "threshold": 2, "members": members}
    messages, file, copy = tmp_path / "m.json", tmp_path / "t.json", tmp_path / "u.json"
    messages.write_text(json.dumps([{"type": "accounts.CreateAccount", "value": {"policy": policy}}]))
    shell.json("tx", "build", "--messages", messages, "--from", "grace", "-f", file)
    shell.json("tx", "sign", file, "--from", "grace")
    created = shell.json("tx", "broadcast", file)["receipt"]["events"]
    account = next(event["value"]["account"] for event in created if event["type"] == "accounts.AccountCreated")
    shell.json("tx", "build", "accounts.Transfer", f"destination={account}", "asset=dao", "amount=5000", "--from",
               "grace", "-f", file)  # fmt: skip
    shell.json("tx", "sign", file, "--from", "grace")
    shell.json("tx", "broadcast", file)

    transfer = ("accounts.Transfer", "destination=heidi", "asset=dao", "amount=9")
    shell.json("tx", "build", *transfer, "--sender", account, "-f", file)
    shell.json("tx", "sign", file, "--from", "heidi", "-f", copy)
    assert shell.here("tx", "broadcast", copy).code == ExitCode.REJECTED
    shell.json("tx", "sign", file, "--from", "ivan")
    shell.json("tx", "combine", file, copy, "-f", file)
    assert shell.json("tx", "broadcast", file)["receipt"]["code"] == 0


def test_what_would_fail_is_not_sent_and_ends_with_4(shell: Shell) -> None:
    result = shell.here("member", "register", "bob", "--from", "alice")
    assert result.code == ExitCode.REJECTED
    assert "would fail" in result.said


def test_what_was_executed_and_failed_ends_with_5(shell: Shell) -> None:
    result = shell.here("member", "register", "bob", "--from", "grace", "--gas-limit", "100000")
    assert result.code == ExitCode.FAILED
    assert re.search(r"block \d+ and failed", result.said)


def test_an_unknown_transaction_ends_with_8(shell: Shell) -> None:
    assert shell.here("tx", "show", "0x" + "00" * 32).code == ExitCode.NOT_FOUND


def test_a_wrong_password_ends_with_3_and_sends_nothing(network: Network) -> None:
    shell = network.shell_of(1)
    shell.json("keys", "add", "locked", stdin="right\n")
    result = shell.here("vote", "delegate", "bob", "--track", "root", "--from", "locked", stdin="wrong\n")
    assert result.code == ExitCode.KEY
    assert "wrong password" in result.said


def test_a_signing_command_without_a_key_lists_the_known_ones(shell: Shell) -> None:
    result = shell.here("vote", "undelegate", "--track", "root")
    assert result.code == ExitCode.USAGE
    assert "alice" in result.said


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("query acounts balance alice", "'accounts'"),
        ("query accounts balence alice", "'balance'"),
        ("query accounts balance alice --aset dao", "'asset'"),
        ("query accounts balance nobody", "nobody"),
        ("query accounts balance", "account"),
        ("tx build accounts.Transfr --from alice -f x.json", "'accounts.Transfer'"),
        ("tx build accounts.Transfer amout=1 --from alice -f x.json", "'amount'"),
        ("vote delegate bob --track treasry --from alice", "'treasury'"),
        ("vote cast 1 maybe --from alice", "abstain"),
        ("validator show node9 --rpc http://127.0.0.1:9", "127.0.0.1:9"),
    ],
)
def test_a_mistake_is_told_with_what_would_be_right(shell: Shell, command: str, said: str) -> None:
    result = shell.here(*command.split())
    assert result.code in (ExitCode.USAGE, ExitCode.UNREACHABLE, ExitCode.NOT_FOUND)
    assert said in result.said

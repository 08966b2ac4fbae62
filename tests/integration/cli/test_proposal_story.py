"""One proposal from its file to the proven payment, by the commands that a person would type."""

from pathlib import Path

from click.shell_completion import ShellComplete

from daonode.cli.failures import ExitCode
from daonode.cli.main import root
from tests.integration.cli.network import Network
from tests.unit.cli.running import Shell

AMOUNT = 25_000


def test_a_proposal_is_written_voted_on_executed_and_its_payment_proven(
    warped_network: Network, tmp_path: Path
) -> None:
    shell, file = warped_network.shell, tmp_path / "p.toml"
    # Not one of the first four: those are paid the validators' fees too.
    before = _balance(shell, "frank")

    written = shell.json("proposal", "new", "treasury-transfer", "--to", "frank", "--amount", str(AMOUNT), "-f", file)
    assert written["actions"] == ["treasury.ApproveSpend"]
    assert shell.json("proposal", "validate", file)["valid"] is True
    assert shell.json("proposal", "simulate", file, "--from", "alice")["accepted"] is True

    delegated = shell.json("vote", "delegate", "alice", "--track", "treasury", "--from", "erin")
    assert delegated["height"] > 0
    submitted = shell.json("proposal", "submit", file, "--from", "alice")
    assert {"tx_id", "height", "proposal_id"} <= set(submitted)
    proposal = submitted["proposal_id"]

    cast = shell.json("vote", "cast", proposal, "yes", "--from", "alice")
    assert {"tx_id", "height"} <= set(cast)
    shell.json("vote", "cast", submitted["number"], "no", "--reason", "too much", "--from", "bob")
    shell.json("vote", "cast", proposal[:18], "abstain", "--from", "bob")
    shell.json("vote", "cast", proposal, "no", "--from", "carol")
    shell.json("vote", "remove", proposal, "--from", "carol")
    ballots = shell.json("vote", "show", proposal)["items"]
    assert sorted(ballot["choice"] for ballot in ballots) == ["abstain", "yes"]
    assert int(shell.json("vote", "show", proposal, "alice")["received"]) > 0

    shown = shell.json("proposal", "show", proposal)
    assert shown["status"] == "confirming"
    assert int(shown["tally"]["yes"]) > int(shown["tally"]["abstain"]) > 0 == int(shown["tally"]["no"])
    people = shell.here("proposal", "show", proposal)
    assert "Pay 25000 dao" in people.written
    assert "beneficiary: frank (dao1" in people.written

    warped_network.warp("61m")
    assert (
        shell.json("proposal", "watch", proposal, "--until", "timelocked", "--timeout", "20")["status"] == "timelocked"
    )
    warped_network.warp("11m")
    assert shell.json("proposal", "watch", proposal, "--timeout", "20")["status"] == "executed"

    assert _balance(shell, "frank") == before + AMOUNT
    spends = shell.json("treasury", "spends", "--status", "paid")["items"]
    assert [each["amount"] for each in spends if each["proposal"] == proposal] == [str(AMOUNT)]
    listed = shell.json("proposal", "list", "--status", "executed", "--track", "treasury")
    assert proposal in [each["id"] for each in listed["items"]]

    proven = shell.json("tx", "show", submitted["tx_id"], "--proof")
    assert proven["verified"] is True
    assert "a quorum of the 4 validators" in shell.here("tx", "show", submitted["tx_id"], "--proof").written
    assert shell.json("vote", "undelegate", "--track", "treasury", "--from", "erin")["height"] > delegated["height"]


def test_watching_for_a_status_that_never_comes_ends_with_7(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    shell.json("proposal", "new", "text", "--title", "Meet", "--body", "Shall we?", "-f", file)
    number = shell.json("proposal", "submit", file, "--from", "judy")["number"]
    result = shell.here("proposal", "watch", number, "--timeout", "0", "--until", "executed")
    assert result.code == ExitCode.UNKNOWN_OUTCOME


def test_a_proposal_is_made_of_any_messages_in_a_file(shell: Shell, tmp_path: Path) -> None:
    messages, file = tmp_path / "m.json", tmp_path / "p.toml"
    messages.write_text('[{"type": "treasury.VoidSpend", "value": {"spend": "1"}}]')
    made = shell.json("proposal", "new", "from", messages, "--track", "root", "-f", file)
    assert made["actions"] == ["treasury.VoidSpend"]
    messages.write_text('[{"type": "treasury.VoidSpnd", "value": {}}]')
    result = shell.here("proposal", "new", "from", messages, "--track", "root", "-f", file, "--force")
    assert result.code == ExitCode.USAGE
    assert "'treasury.VoidSpend'" in result.said


def test_a_proposal_that_is_not_there_ends_with_8(shell: Shell) -> None:
    assert shell.here("proposal", "show", "999").code == ExitCode.NOT_FOUND
    assert shell.here("proposal", "show", "0x0000").code == ExitCode.NOT_FOUND
    assert shell.here("proposal", "show", "statue").code == ExitCode.USAGE


def test_the_short_form_of_an_id_in_a_list_names_the_proposal(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    shell.json("proposal", "new", "text", "--title", "Plant a tree", "-f", file)
    proposal = shell.json("proposal", "submit", file, "--from", "karl")["proposal_id"]
    short = next(word for word in shell.here("proposal", "list").written.split() if word.startswith(proposal[:10]))
    assert "..." in short
    assert shell.json("proposal", "show", short)["id"] == proposal
    assert shell.here("proposal", "show", f"{proposal[:10]}...{'f' if proposal[-1] != 'f' else '0'}").code == (
        ExitCode.NOT_FOUND
    )


def test_the_shell_completes_numbers_of_proposals(network: Network, tmp_path: Path) -> None:
    shell, file = network.shell, tmp_path / "p.toml"
    shell.json("proposal", "new", "text", "--title", "Paint the shed", "-f", file)
    number = shell.json("proposal", "submit", file, "--from", "lena")["number"]
    complete = ShellComplete(root, {}, "daonode", "_DAONODE_COMPLETE")
    offered = complete.get_completions(["proposal", "show", "--home", str(shell.home)], number)
    assert [item.help for item in offered if item.value == number] == ["Paint the shed (deciding)"]


def _balance(shell: Shell, name: str) -> int:
    return int(shell.json("query", "accounts", "balance", name)["amount"])

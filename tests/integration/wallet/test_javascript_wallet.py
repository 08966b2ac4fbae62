"""The JavaScript wallet of the examples against real validators: the chain counts its vote, and it proves that."""

import json
import shutil
import subprocess
from pathlib import Path

import mnemonic
import pytest

from tests.integration.cli.network import Network
from tests.unit.cli.running import Shell

EXAMPLE = Path(__file__).parents[3] / "examples" / "wallet-js"
WORD_LIST = Path(mnemonic.__file__).parent / "wordlist" / "english.txt"
NODE_SECONDS = 60
LANE = "7"
"""Other tests of the same network send as the same people, in lane 0."""

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def words_of(network: Network, name: str) -> str:
    accounts: list[dict[str, str]] = json.loads((network.directory / "accounts.json").read_text())
    return next(each["mnemonic"] for each in accounts if each["name"] == name)


def cast(
    network: Network, proposal: str, choice: str, *, secret: str, genesis: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `vote.mjs` with words, or with a seed in hexadecimal."""
    assert NODE is not None
    options = {
        "--rpc": network.nodes[1]["rpc"],
        "--genesis": str(network.directory / "genesis.json" if genesis is None else genesis),
        "--word-list": str(WORD_LIST),
        "--proposal": proposal,
        "--choice": choice,
        "--lane": LANE,
    }
    arguments = [part for option in options.items() for part in option]
    if " " not in secret:
        arguments.append("--seed")
    return subprocess.run(
        [NODE, "--no-warnings", str(EXAMPLE / "vote.mjs"), *arguments],
        input=secret + "\n",
        capture_output=True,
        text=True,
        timeout=NODE_SECONDS,
        check=False,
    )


def submit(network: Network, directory: Path, *, proposer: str) -> str:
    """A proposal that members decide. Each account has one at a time, so each test has a proposer of its own."""
    shell, file = network.shell, directory / "p.toml"
    shell.json("proposal", "new", "text", "--title", "Wallets", "--body", "May wallets vote?", "-f", file)
    return str(shell.json("proposal", "submit", file, "--from", proposer, "--lane", LANE)["proposal_id"])


def test_a_vote_of_the_wallet_is_counted_and_proven(network: Network, tmp_path: Path) -> None:
    proposal = submit(network, tmp_path, proposer="ivan")
    done = cast(network, proposal, "no", secret=words_of(network, "judy"))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["code"], told["choice"], told["weight"]) == (0, "no", "1")
    shell: Shell = network.shell
    assert shell.json("vote", "show", proposal, "judy")["choice"] == "no"
    assert shell.json("proposal", "show", proposal)["tally"]["no"] == "1"
    assert shell.json("tx", "show", told["tx_id"], "--proof")["verified"] is True
    # What is signed has been shown before, as a person would read it.
    assert '"type": "governance.Vote"' in done.stderr


def test_what_would_fail_is_not_signed(network: Network, tmp_path: Path) -> None:
    proposal = submit(network, tmp_path, proposer="frank")
    stranger = cast(network, proposal, "yes", secret="07" * 32)
    assert stranger.returncode == 1
    assert stranger.stdout == ""
    assert "Error" in stranger.stderr


def test_a_node_that_is_not_of_the_wallet_s_chain_proves_nothing_to_it(network: Network, tmp_path: Path) -> None:
    proposal = submit(network, tmp_path, proposer="dave")
    made = network.shell.run("testnet", "init", "--validators", "4", "-o", tmp_path / "other")
    assert made.code == 0, made.said
    done = cast(network, proposal, "yes", secret=words_of(network, "karl"), genesis=tmp_path / "other" / "genesis.json")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "binds other validators" in done.stderr

"""Proposal files: what people write is read as they mean it, or told where it is wrong."""

import pytest

from daonode.client.errors import FileFormatError
from daonode.client.proposal_file import Action, ProposalFile, parse_proposal, write_proposal
from daonode.ledger.registry import discover
from daonode.modules.accounts.messages import Transfer
from daonode.modules.governance.types import TrackId
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import decode
from daonode.primitives.units import Amount, DurationMs
from tests.unit.client.small_chain import BOB, NATIVE

REGISTRY = discover({"accounts"})
TEXT = f'''
title = "Pay Bob"
track = "treasury"
deposit = "1000"
enactment = "2d"
body = """
Bob did it.
"""

[[actions]]
type = "accounts.Transfer"

[actions.value]
destination = "{encode_account(BOB.address)}"
asset = "dao"
amount = "7"
'''


def test_a_file_is_read_into_the_message_that_submits_it() -> None:
    proposal = parse_proposal(TEXT.encode())
    message = proposal.message(REGISTRY, track=TrackId(2), deposit=Amount(5))
    assert (message.track, message.kind, message.title, message.body) == (2, "standard", "Pay Bob", "Bob did it.\n")
    assert (message.deposit, message.enactment) == (1000, 2 * 86_400_000)
    transfer = Transfer(destination=BOB.address, asset=NATIVE, amount=Amount(7))
    assert decode(message.actions[0].body, Transfer) == transfer


def test_what_the_file_leaves_out_is_the_tracks() -> None:
    proposal = parse_proposal(b'title = "T"\ntrack = 3\nbody = ""\n')
    assert proposal == ProposalFile(title="T", body="", track=3)
    assert proposal.message(REGISTRY, track=TrackId(3), deposit=Amount(5)).deposit == 5


def test_what_is_written_reads_as_the_same() -> None:
    value = {"destination": encode_account(BOB.address), "asset": "dao", "amount": "7"}
    proposal = ProposalFile(
        title='Quotes " and \\',
        body='First\n\n"""quoted"""\nlast',
        track="treasury",
        actions=(Action(type="accounts.Transfer", value=dict(value)),) * 2,
        deposit=Amount(9),
        enactment=DurationMs(1_500),
    )
    written = write_proposal(proposal)
    assert b'body = """\nFirst\n' in written
    assert parse_proposal(written) == proposal


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('title = "Pay Bob"', ""), "title: this field is missing"),
        (('title = "Pay Bob"', "title = 3"), "title: expected text in quotes, got 3"),
        (('title = "Pay Bob"', 'title = " "'), "title: expected 1 to 256 bytes"),
        (('title = "Pay Bob"', 'titel = "Pay Bob"'), "titel: unknown field; did you mean 'title'"),
        (('"treasury"', "1.5"), "track: expected a name or a number"),
        (('"treasury"', '"treasury"\nkind = "standart"'), "kind: 'standart' is no kind; did you mean 'standard'"),
        (('deposit = "1000"', "deposit = 1000"), "deposit: expected a decimal string"),
        (('"2d"', '"two days"'), "enactment: expected a whole number with a unit"),
        (("[[actions]]", "[actions]"), "actions: expected tables"),
        (('type = "accounts.Transfer"', ""), r"actions\[0\]\.type: this field is missing"),
        (('amount = "7"', "amount = 7.5"), r"actions\[0\]\.value\.amount: expected text"),
        (('amount = "7"', "amount = 1979-05-27"), r"actions\[0\]\.value\.amount: expected text"),
        (("[actions.value]", "[actions.values]"), r"actions\[0\]\.values: unknown field; did you mean 'value'"),
        (("Bob did it.", "x" * 17_000), "body: title and body have at most 16384 bytes"),
        (('title = "Pay Bob"', "title = "), "the file: not TOML: line 2: Invalid value"),
    ],
)
def test_a_mistake_is_told_by_its_place(change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(FileFormatError, match=complaint):
        parse_proposal(TEXT.replace(*change).encode())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("accounts.Transfer", "accounts.Tranfer"), r"actions\[0\]\.value: .* did you mean 'accounts.Transfer'"),
        (('amount = "7"', 'amount = "-7"'), r"actions\[0\]\.value\.amount: expected a decimal string"),
        (("dao1", "dao2"), r"actions\[0\]\.value\.destination"),
    ],
)
def test_an_action_that_is_no_message_is_told_by_its_place(change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(FileFormatError, match=complaint):
        parse_proposal(TEXT.replace(*change).encode()).calls(REGISTRY)

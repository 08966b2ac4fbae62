"""Files that people hand over: any bytes give a value or the reader's own error; what is written reads back."""

import contextlib
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from daonode.client.errors import DamagedKeyFile, FileFormatError
from daonode.client.key_file import key_file_to_bytes, make_key_file, open_entropy, parse_key_file
from daonode.client.proposal_file import Action, ProposalFile, parse_proposal, write_proposal
from daonode.client.transaction_file import parse_transaction_file, unsigned
from daonode.client.transactions import make_body
from daonode.client.wallet import Wallet
from daonode.ledger.transactions import Call
from daonode.primitives.ids import Address, ChainId
from daonode.primitives.json_form import Json
from daonode.primitives.units import U64_MAX, Amount, DurationMs

PATH = Path("key.json")
WALLET = Wallet.from_seed(bytes(32))
# UTF-8 cannot hold surrogates.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
NAMES = st.text('abcdefghijklmnopqrstuvwxyz_.-" ', min_size=1, max_size=12)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
PROPOSALS = st.builds(
    ProposalFile,
    title=TEXTS.filter(lambda text: bool(text.strip())),
    body=TEXTS,
    track=st.integers(0, 65_535) | TEXTS.filter(bool),
    actions=st.lists(st.builds(Action, type=TEXTS, value=st.dictionaries(NAMES, VALUES, max_size=3)), max_size=3).map(
        tuple
    ),
    deposit=st.none() | st.integers(0, U64_MAX).map(Amount),
    enactment=st.none() | st.integers(0, U64_MAX // 1_000).map(DurationMs),
)


@given(PROPOSALS)
@example(ProposalFile(title="a\r\nb", body="c\r\nd\re", track="\r\n"))
def test_a_written_proposal_reads_as_the_same(proposal: ProposalFile) -> None:
    assert parse_proposal(write_proposal(proposal)) == proposal


@given(st.binary(max_size=200) | TEXTS.map(str.encode))
def test_any_bytes_are_a_value_or_the_readers_own_error(data: bytes) -> None:
    for read, error in (
        (parse_proposal, FileFormatError),
        (parse_transaction_file, FileFormatError),
        (lambda given: parse_key_file(given, path=PATH), DamagedKeyFile),
    ):
        with contextlib.suppress(error):
            read(data)


@given(st.data())
def test_a_damaged_file_is_refused_or_says_the_same(data: st.DataObject) -> None:
    file = unsigned(
        make_body(
            [Call(type="a.B", body=b"\x01")],
            chain_id=ChainId("daonode:x"),
            sender=Address(bytes(32)),
            sequence=1,
            expires_at_ms=2,
            gas_limit=3,
            max_fee=4,
        )
    ).sign(WALLET)
    written = bytearray(file.to_bytes())
    position = data.draw(st.integers(0, len(written) - 1))
    written[position] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(FileFormatError):
        assert parse_transaction_file(bytes(written)).body == file.body


@given(st.sampled_from([16, 20, 24, 28, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_entropy_comes_back_from_a_key_file(entropy: bytes) -> None:
    made = make_key_file("k", entropy, coin_type=1, account=0, password=None, salt=bytes(16), nonce=bytes(12))
    assert open_entropy(parse_key_file(key_file_to_bytes(made), path=PATH), password=None, path=PATH)[0] == entropy

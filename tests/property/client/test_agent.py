"""Whatever bytes the key agent is sent, it answers, gives no secret away, and signs nothing but what it is for."""

from hypothesis import given
from hypothesis import strategies as st

from daonode.client.agent_messages import AgentStatus, Lock, Locked, Refused, ReportStatus, Signed, SignText
from daonode.client.agent_server import Agent
from daonode.client.wallet import Wallet, text_digest
from daonode.primitives.codec import encode
from daonode.primitives.hashing import STATEMENT_TAG
from daonode.primitives.signatures import verify

SEED = bytes(range(1, 33))
ALICE = Wallet.from_seed(SEED)
REQUESTS = [encode(each) for each in (SignText(ALICE.public_key, "hello"), ReportStatus(), Lock())]
KINDS = st.sampled_from(["sign_transaction", "sign_text", "report_status", "lock", "export", "add_key"])
PARTS = st.one_of(
    st.just(ALICE.public_key), st.binary(max_size=80), st.text(max_size=20), st.integers(0, 2**64 - 1), st.none()
)


def agent() -> Agent:
    return Agent({"alice": ALICE}, lifetime_ms=60_000, now_s=lambda: 0.0)


@given(st.one_of(st.binary(max_size=300), st.tuples(KINDS, PARTS, PARTS).map(encode)))
def test_every_request_has_an_answer_without_the_secret(data: bytes) -> None:
    reply = agent().answer(data)
    assert isinstance(reply, Signed | AgentStatus | Locked | Refused)
    assert SEED not in encode(reply)


@given(st.sampled_from(REQUESTS), st.data())
def test_a_request_that_was_altered_is_another_or_refused(request: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(request) - 1))
    changed = bytes([data.draw(st.integers(0, 255))])
    reply = agent().answer(request[:place] + changed + request[place + 1 :])
    assert isinstance(reply, Signed | AgentStatus | Locked | Refused)


@given(st.binary(min_size=32, max_size=32))
def test_no_digest_is_signed_as_it_is(digest: bytes) -> None:
    for body in (digest, STATEMENT_TAG + digest):
        assert isinstance(agent().answer(encode(("sign_transaction", ALICE.public_key, body))), Refused)
    text = digest.decode("latin-1")
    reply = agent().answer(encode(SignText(ALICE.public_key, text)))
    assert isinstance(reply, Signed)
    assert verify(ALICE.public_key, text_digest(text), reply.signature)
    assert not verify(ALICE.public_key, digest, reply.signature)

"""Whatever bytes a peer sends: decoding or verification refuses them, and nothing else is raised."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from daonode.consensus.errors import PeerError
from daonode.consensus.messages import ConsensusMessage, ProposalMessage, SyncInfo, SyncMessage, TimeoutMessage
from daonode.consensus.requests import SignRequest, VoteRequest
from daonode.consensus.safety import SafetyState
from daonode.consensus.statements import Timeout
from daonode.primitives.codec import DecodeError, decode, encode
from tests.unit.consensus.chains import CHAIN_ID, Maker

maker = Maker()
A = maker.block(round_=1)
B = maker.block(round_=3, parent=A, tc=maker.tc(2, *[maker.qc(A)] * 3))
SYNC = SyncInfo(high_qc=maker.qc(A), tc=B.tc, commit=maker.commit(A))
TIMEOUT_STATEMENT = Timeout(chain_id=CHAIN_ID, epoch=0, round=2, high_qc_round=1)
SOUND = (
    encode(ProposalMessage(block=B, signature=maker.proposal_signature(B), sync=SYNC)),
    encode(
        TimeoutMessage(
            epoch=0, round=2, high_qc=maker.qc(A), voter=1, signature=maker.sign(1, TIMEOUT_STATEMENT), sync=SYNC
        )
    ),
    encode(SyncMessage(sync=SYNC)),
)
STATE = encode(maker.initial_safety())


@settings(max_examples=300, deadline=None)
@given(
    sound=st.sampled_from(SOUND),
    edits=st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_a_message_with_changed_bytes_is_refused_or_still_sound(sound: bytes, edits: list[tuple[int, int]]) -> None:
    data = bytearray(sound)
    for place, value in edits:
        data[place % len(data)] = value
    try:
        message = decode(bytes(data), ConsensusMessage)
        maker.verifier().check_message(message)
    except (DecodeError, PeerError):
        return
    assert encode(message) in SOUND, "only what honest validators have signed passes"


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400))
def test_arbitrary_bytes_are_no_message_no_request_and_no_state(data: bytes) -> None:
    for wanted in (ConsensusMessage, SignRequest, SafetyState):
        try:
            value = decode(data, wanted)
        except DecodeError:
            continue
        assert encode(value) == data


@settings(max_examples=200, deadline=None)
@given(edits=st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_changed_sign_request_is_refused_before_the_rules(edits: list[tuple[int, int]]) -> None:
    sound = encode(VoteRequest(header=B.header, qc=B.qc, tc=B.tc))
    data = bytearray(sound)
    for place, value in edits:
        data[place % len(data)] = value
    try:
        request = decode(bytes(data), SignRequest)
        maker.verifier().check_request(request)
    except (DecodeError, PeerError):
        return
    # What the certificates do not bind (roots, time, failed proposers) is the voter's own to judge.
    assert isinstance(request, VoteRequest) or type(request).__name__ == "ProposeRequest"
    assert (request.header.qc_digest, request.header.tc_digest) == (B.header.qc_digest, B.header.tc_digest)

"""Evidence from where it is found into the state of every node: passed on, put into a block, punished, forgotten."""

from __future__ import annotations

from msgspec.structs import replace

from daonode.consensus.evidence import Evidence, SignedStatement
from daonode.consensus.messages import VoteMessage
from daonode.consensus.statements import Vote, signing_bytes
from daonode.ledger.application import EMPTY_PAYLOAD
from daonode.ledger.block import MAX_EVIDENCE_BYTES, Payload
from daonode.primitives.codec import decode, encode
from daonode.primitives.ids import BlockId, Signature
from daonode.primitives.signatures import sign
from daonode.replica.effects import Broadcast, PeerFault
from daonode.replica.events import MessageReceived
from daonode.replica.messages import EvidenceMessage
from tests.unit.replica.network import CHAIN_ID, Network, Node
from tests.unit.replica.test_epochs import EPOCH_BLOCKS, go_on

FAR_MS = 10_000


def signed(node: Node, block: bytes, *, round_: int = 1) -> SignedStatement:
    statement = Vote(chain_id=CHAIN_ID, epoch=0, round=round_, block_id=BlockId(block * 32), qc_round=0)
    return SignedStatement(statement=statement, signature=sign(node.seed, signing_bytes(statement)))


def evidence_against(node: Node, *, round_: int = 1) -> Evidence:
    return Evidence(
        validator=node.own, first=signed(node, b"x", round_=round_), second=signed(node, b"y", round_=round_)
    )


def vote_twice(network: Network, offender: Node, *, witness: Node) -> None:
    """Only the witness hears of both votes."""
    network.offenders.append(offender.own)
    place = [node.own for node in network.nodes].index(offender.own)
    for block in (b"x", b"y"):
        said = signed(offender, block)
        vote = VoteMessage(
            epoch=0,
            round=1,
            block_id=BlockId(block * 32),
            qc_round=0,
            voter=place,
            signature=said.signature,
            sync=witness.replica.core.sync_info,
        )
        network.step(witness, MessageReceived(network.now_ms, offender.name, vote))


def convicted(network: Network, node: Node) -> list[object]:
    """Of whom the committed state of a node says that they were convicted."""
    answer = network.chain.application.query(
        node.replica._executed.root_version, module="validators", name="evidence", arguments={}
    )
    assert isinstance(answer, dict)
    items = answer["items"]
    assert isinstance(items, list)
    return [each["validator"] for each in items if isinstance(each, dict)]


def carried(node: Node) -> list[bytes]:
    """The evidence in the committed blocks of a node."""
    blocks = [node.archive.block_at(height) for height in range(1, node.archive.tip().height + 1)]
    return [each for block in blocks if block is not None for each in decode(block.payload, Payload).evidence]


def test_who_votes_twice_is_punished_by_a_chain_that_is_idle_and_loses_its_turns() -> None:
    network = Network(epoch_blocks=EPOCH_BLOCKS)
    witness, offender = network.nodes[1], network.nodes[3]
    vote_twice(network, offender, witness=witness)
    network.run(FAR_MS)
    assert [len(convicted(network, node)) for node in network.nodes] == [1] * 4
    assert len(carried(witness)) == 1
    assert not any(len(node.replica._admission.accusations) for node in network.nodes)
    go_on(network, 2 * EPOCH_BLOCKS)
    for node in network.nodes:
        members = node.replica.core.validators.validators
        assert offender.own not in [member.id for member in members]
    archive = network.nodes[0].archive
    first = archive.current_epoch().start_height + 1
    latest = [archive.committed(height) for height in range(first, archive.tip().height + 1)]
    assert offender.own not in [each.header.proposer for each in latest if each is not None]
    assert offender.replica.own_validator is None
    assert not [fault for node in network.nodes for fault in node.faults]


def test_a_block_of_evidence_is_followed_by_silence() -> None:
    network = Network()
    vote_twice(network, network.nodes[3], witness=network.nodes[0])
    network.run(FAR_MS)
    height = network.nodes[0].archive.tip().height
    assert [payload for payload in payloads(network.nodes[0]) if payload != EMPTY_PAYLOAD] != []
    network.run(FAR_MS)
    assert network.nodes[0].archive.tip().height == height <= 2


def payloads(node: Node) -> list[bytes]:
    blocks = [node.archive.block_at(height) for height in range(1, node.archive.tip().height + 1)]
    return [block.payload for block in blocks if block is not None]


def test_each_passes_news_of_an_offence_on_once() -> None:
    network = Network()
    listener, sender, offender = network.nodes[0], network.nodes[1], network.nodes[3]
    news = EvidenceMessage(evidence=(evidence_against(offender),))
    assert [each for each in network.hear(listener, sender, news) if isinstance(each, Broadcast)] == [Broadcast(news)]
    again = EvidenceMessage(evidence=(evidence_against(offender, round_=2),))
    for message in (news, again):
        assert not [each for each in network.hear(listener, sender, message) if isinstance(each, Broadcast)]
    assert len(listener.replica._admission.accusations) == 1


def test_who_tells_of_an_offence_that_was_none_is_at_fault() -> None:
    network = Network()
    listener, sender, offender = network.nodes[0], network.nodes[1], network.nodes[3]
    true = evidence_against(offender)
    false = (
        replace(true, second=true.first),
        replace(true, second=replace(true.second, signature=Signature(bytes(64)))),
        replace(true, validator=sender.own),
        replace(true, second=signed(offender, b"y", round_=2)),
    )
    effects = network.hear(listener, sender, EvidenceMessage(evidence=false))
    assert [each.peer for each in effects if isinstance(each, PeerFault)] == [sender.name] * len(false)
    assert not [each for each in effects if isinstance(each, Broadcast)]


def test_what_was_punished_before_is_nobodys_fault_and_goes_no_further() -> None:
    network = Network()
    vote_twice(network, network.nodes[3], witness=network.nodes[0])
    network.run(FAR_MS)
    late = EvidenceMessage(evidence=(evidence_against(network.nodes[3], round_=7),))
    assert not network.hear(network.nodes[0], network.nodes[1], late)


def test_a_node_that_returns_is_told_what_waits() -> None:
    network = Network()
    away = network.nodes[2]
    network.stop(away)
    network.stop(network.nodes[3])
    vote_twice(network, network.nodes[3], witness=network.nodes[0])
    network.run(FAR_MS)
    assert not convicted(network, network.nodes[0]), "two of four decide nothing"
    network.restart(away)
    network.run(FAR_MS)
    assert [len(convicted(network, node)) for node in network.nodes[:3]] == [1] * 3


def test_evidence_fits_where_blocks_carry_it() -> None:
    longest = evidence_against(Network().nodes[0])
    chain_id = type(CHAIN_ID)("daonode:" + 32 * "x")
    widest = [
        replace(each, statement=replace(each.statement, chain_id=chain_id, epoch=2**64 - 1, round=2**64 - 1))
        for each in (longest.first, longest.second)
    ]
    assert len(encode(replace(longest, first=widest[0], second=widest[1]))) <= MAX_EVIDENCE_BYTES

"""What each type tells, over the rows of `population`, and how its relations lead on."""

from daonode.primitives.addresses import encode_account
from daonode.stores.memory import MemoryStore
from tests.unit.gateway.graphql.asking import data, error, make_engine
from tests.unit.gateway.graphql.population import account, founded_store, proposal_id, vote_block

ALICE, BOB, CAROL, DAVE, ERIN = (encode_account(account(index)) for index in range(5))


async def test_status_is_the_head_and_answers_are_as_of_it() -> None:
    found = await data("{ status { chainId height block { height } } }")
    assert found == {"status": {"chainId": "daonode:test", "height": 10, "block": {"height": 10}}}


async def test_a_proposal_is_found_by_number_and_by_id() -> None:
    by_id = "0x" + proposal_id(2).hex()
    found = await data("query ($id: ID!) { a: proposal(id: 2) { title } b: proposal(id: $id) { title } }", id=by_id)
    assert found == {"a": {"title": "Proposal 2"}, "b": {"title": "Proposal 2"}}
    assert await data("{ proposal(id: 99) { title } }") == {"proposal": None}
    assert "expected a proposal's number or id" in str((await error('{ proposal(id: "0x12") { title } }'))["message"])


async def test_a_proposal_has_its_tally_rules_actions_and_timeline() -> None:
    found = await data("""{ proposal(id: 1) { status trackName kind textHash deposit decisionDeposit updatedHeight
        failure nextChange tally { yes turnout quorum voters } approval { kind start end } actions { type value }
        track { id name weight } proposer { address } transaction { sender { address } }
        timeline { items { before after position proposal { number } block { height } } nextCursor } } }""")
    assert found["proposal"] == {
        "status": "executed",
        "trackName": "treasury",
        "kind": "standard",
        "textHash": "0x" + "00" * 32,
        "deposit": "10",
        "decisionDeposit": "10",
        "updatedHeight": 1,
        "failure": None,
        "nextChange": None,
        "tally": {
            "yes": "1152921504606846976",
            "turnout": "1152921504606846976",
            "quorum": "9223372036854775808",
            "voters": 1,
        },
        "approval": {"kind": "linear", "start": 6000, "end": 5000},
        "actions": [{"type": "treasury.Spend", "value": {"amount": "50"}}],
        "track": {"id": 1, "name": "treasury", "weight": "token"},
        "proposer": {"address": ALICE},
        "transaction": {"sender": {"address": ALICE}},
        "timeline": {
            "items": [
                {
                    "before": None,
                    "after": "deciding",
                    "position": "1:0",
                    "proposal": {"number": 1},
                    "block": {"height": 1},
                },
                {
                    "before": "deciding",
                    "after": "executed",
                    "position": "5:2",
                    "proposal": {"number": 1},
                    "block": {"height": 5},
                },
            ],
            "nextCursor": None,
        },
    }


async def test_the_rules_of_a_track_are_its_record_in_json() -> None:
    track = (await data("{ track(id: 1) { rules } }"))["track"]
    assert isinstance(track, dict)
    assert isinstance(track["rules"], dict)
    assert track["rules"]["quorum"] == 1_000


async def test_proposals_are_filtered_and_searched() -> None:
    found = await data(
        """query ($alice: Address) {
            all: proposals { items { number } }
            open: proposals(status: deciding) { items { number } }
            mine: proposals(track: 1, proposer: $alice, first: 1) { items { number } }
            roof: proposals(search: "THE ROOF") { items { number } nextCursor }
            none: proposals(track: 7) { items { number } } }""",
        alice=ALICE,
    )
    assert found == {
        "all": {"items": [{"number": 2}, {"number": 1}]},
        "open": {"items": [{"number": 2}]},
        "mine": {"items": [{"number": 2}]},
        "roof": {"items": [{"number": 2}], "nextCursor": None},
        "none": {"items": []},
    }


async def test_votes_lead_to_voter_proposal_block_and_transaction_and_back() -> None:
    found = await data(
        """query ($bob: Address!) {
            votes(voter: $bob, proposal: "1", choice: yes) { items {
                choice weight reason position voter { address member { name votesCast } }
                proposal { number vote(voter: $bob) { position } votes { items { voter { address } } } }
                block { height } transaction { id } } }
            none: votes(proposal: 77) { items { choice } } }""",
        bob=BOB,
    )
    everybody = [{"voter": {"address": address}} for address in (CAROL, ERIN, BOB, DAVE, ALICE)]
    assert found == {
        "votes": {
            "items": [
                {
                    "choice": "yes",
                    "weight": "1152921504606846977",
                    "reason": "because",
                    "position": "3:1",
                    "voter": {"address": BOB, "member": {"name": "Bob", "votesCast": 1}},
                    "proposal": {"number": 1, "vote": {"position": "3:1"}, "votes": {"items": everybody}},
                    "block": {"height": 3},
                    "transaction": {"id": "0x" + "00" * 15 + "03" + "00" * 15 + "01"},
                }
            ]
        },
        "none": {"items": []},
    }


async def test_since_turns_votes_and_events_round() -> None:
    found = await data("""{
        votes(since: "2:3") { items { position } }
        events(since: "3:1", type: "governance.VoteCast") { items { position } }
        newest: events(first: 2) { items { position } } }""")
    assert found == {
        "votes": {"items": [{"position": "3:1"}, {"position": "3:4"}, {"position": "4:2"}]},
        "events": {"items": [{"position": "3:4"}, {"position": "4:2"}]},
        "newest": {"items": [{"position": "4:2"}, {"position": "3:4"}]},
    }


async def test_members_and_their_accounts() -> None:
    found = await data(
        """query ($alice: Address!, $dave: Address!) {
            members(active: true, first: 2) { items { name index role active registeredAt } nextCursor }
            former: members(active: false) { items { name registrar { address } } }
            searched: members(search: "erin") { items { address } }
            member(address: $dave) { account { delegations { power track { name } delegate { member { name } } } } }
            account(address: $alice) {
                balances { amount isTreasury asset { id decimals native votes supply } account { address } }
                delegators { items { height delegator { member { name } } } }
                proposals(status: executed) { items { number } }
                transactions { items { height place } }
                votes(choice: no) { items { weight } } } }""",
        alice=ALICE,
        dave=DAVE,
    )
    registered = "2026-05-28T20:26:40.000Z"
    members = found["members"]
    assert isinstance(members, dict)
    assert members["items"] == [
        {"name": name, "index": index, "role": "gardener", "active": True, "registeredAt": registered}
        for index, name in enumerate(("Alice", "Bob"))
    ]
    assert found["former"] == {"items": [{"name": "Erin", "registrar": {"address": ALICE}}]}
    assert found["searched"] == {"items": [{"address": ERIN}]}
    assert found["member"] == {
        "account": {
            "delegations": [{"power": "7", "track": {"name": "treasury"}, "delegate": {"member": {"name": "Alice"}}}]
        }
    }
    asset = {"id": "dao", "decimals": 9, "native": True, "votes": True, "supply": "18446744073709551615"}
    assert found["account"] == {
        "balances": [{"amount": "5", "isTreasury": False, "asset": asset, "account": {"address": ALICE}}],
        "delegators": {"items": [{"height": 2, "delegator": {"member": {"name": "Dave"}}}]},
        "proposals": {"items": [{"number": 1}]},
        "transactions": {"items": [{"height": 2, "place": 0}, {"height": 1, "place": 0}]},
        "votes": {"items": []},
    }


async def test_the_treasury_its_spends_and_limits() -> None:
    found = await data("""{
        treasury {
            balances { amount asset { id } }
            limits { windowMs amount effectiveAt asset { id } }
            spends(status: approved) { items {
                id amount status approvedAt validFrom paidAt failure
                proposal { number spends { items { amount } } } track { name } asset { id }
                beneficiary { member { name } } } }
            paid: spends(status: paid) { items { id } } }
        assets { id }
        tracks { id proposals(status: deciding) { items { number } } }
        track(id: 1) { name } }""")
    assert found == {
        "treasury": {
            "balances": [{"amount": "9223372036854775808", "asset": {"id": "dao"}}],
            "limits": [
                {
                    "windowMs": 86_400_000,
                    "amount": "1000",
                    "effectiveAt": "2026-05-28T20:26:40.000Z",
                    "asset": {"id": "dao"},
                }
            ],
            "spends": {
                "items": [
                    {
                        "id": "0x" + "4d" * 32,
                        "amount": "50",
                        "status": "approved",
                        "approvedAt": "2026-05-28T20:26:45.000Z",
                        "validFrom": None,
                        "paidAt": None,
                        "failure": None,
                        "proposal": {"number": 1, "spends": {"items": [{"amount": "50"}]}},
                        "track": {"name": "treasury"},
                        "asset": {"id": "dao"},
                        "beneficiary": {"member": {"name": "Carol"}},
                    }
                ]
            },
            "paid": {"items": []},
        },
        "assets": [{"id": "dao"}],
        "tracks": [{"id": 1, "proposals": {"items": [{"number": 2}]}}],
        "track": {"name": "treasury"},
    }


async def test_blocks_transactions_events_and_validators() -> None:
    store = founded_store()
    store.apply(vote_block(11, [1, 2]))
    found = await data(
        """{ block { height transactionCount eventCount intervalMs round payloadBytes stateRoot
                proposer { moniker power proposed missed address payout { address } lastProposed { height } }
                transactions(first: 1) { items { place code error gasUsed memo messages { type value }
                    block { height } events { items { type value } } } nextCursor }
                events { items { position type proposal { number } transaction { place } block { height } } } } }""",
        engine=make_engine(store),
    )
    ballot = {
        "proposal": "0x" + "98" * 32,
        "voter": BOB,
        "choice": "yes",
        "weight": str(2**60 + 1),
        "reason": "because",
    }
    block = found["block"]
    assert isinstance(block, dict)
    transactions = block["transactions"]
    assert isinstance(transactions, dict)
    assert transactions["items"] == [
        {
            "place": 0,
            "code": 0,
            "error": "",
            "gasUsed": "21000",
            "memo": "",
            "messages": [{"type": "governance.Vote", "value": {"choice": "yes"}}],
            "block": {"height": 11},
            "events": {"items": [{"type": "governance.VoteCast", "value": ballot}]},
        }
    ]
    assert transactions["nextCursor"] is not None
    assert block["proposer"] == {
        "moniker": "north",
        "power": "1",
        "proposed": 10,
        "missed": 0,
        "address": "127.0.0.1:26656",
        "payout": {"address": BOB},
        "lastProposed": {"height": 10},
    }
    assert block["events"] == {
        "items": [
            {
                "position": f"11:{place}",
                "type": "governance.VoteCast",
                "proposal": {"number": 2},
                "transaction": {"place": place},
                "block": {"height": 11},
            }
            for place in range(2)
        ]
    }


async def test_blocks_are_listed_and_found_by_height_and_by_id() -> None:
    found = await data("""{
        blocks(first: 2) { items { height } }
        byHeight: block(height: 3) { id }
        byId: block(id: "0x0000000000000000000000000000000000000000000000000000000000000003") { height } }""")
    assert found["blocks"] == {"items": [{"height": 10}, {"height": 9}]}
    assert found["byHeight"] == {"id": f"0x{3:064x}"}
    assert found["byId"] == {"height": 3}


async def test_a_block_is_asked_for_in_one_way() -> None:
    given = await error('{ block(height: 1, id: "0x01") { height } }')
    assert given["message"] == "expected a height or an id, got both"


async def test_metrics_within_times() -> None:
    found = await data("""{
        treasury: metrics(series: treasury, label: "dao") { items { series label time height value } }
        late: metrics(series: treasury, from: "2026-05-28T20:26:45Z") { items { value } }
        early: metrics(series: treasury, to: "2026-05-28T20:26:45Z") { items { value } }
        members: metrics(series: members) { items { value } } }""")
    assert found == {
        "treasury": {
            "items": [
                {
                    "series": "treasury",
                    "label": "dao",
                    "time": f"2026-05-28T20:26:4{height}.000Z",
                    "height": height,
                    "value": value,
                }
                for height, value in ((1, "100"), (5, "9223372036854775808"))
            ]
        },
        "late": {"items": [{"value": "9223372036854775808"}]},
        "early": {"items": [{"value": "100"}]},
        "members": {"items": [{"value": "5"}]},
    }


async def test_pages_go_on_where_they_ended_whatever_comes_between() -> None:
    store = founded_store()
    engine = make_engine(store)
    seen: list[object] = []
    cursor = None
    for height in range(11, 20):
        found = await data(
            "query ($after: String) { events(first: 2, after: $after) { items { position } nextCursor } }",
            engine=engine,
            after=cursor,
        )
        page = found["events"]
        assert isinstance(page, dict)
        seen += page["items"] if isinstance(page["items"], list) else []
        cursor = page["nextCursor"]
        if cursor is None:
            break
        assert isinstance(cursor, str)
        store.apply(vote_block(height, [0, 1]))
    assert seen == [{"position": position} for position in ("4:2", "3:4", "3:1", "2:3", "2:0")]


async def test_a_cursor_of_another_question_is_refused() -> None:
    found = await data("{ events(first: 1) { nextCursor } }")
    page = found["events"]
    assert isinstance(page, dict)
    cursor = page["nextCursor"]
    assert isinstance(cursor, str)
    for query in (
        'query ($after: String) { events(type: "x", after: $after) { nextCursor } }',
        "query ($after: String) { blocks(after: $after) { nextCursor } }",
    ):
        assert "the cursor is none of this question" in str((await error(query, after=cursor))["message"])
    for wrong in ("", "!!!", "x" * 600, "k" + cursor):
        given = await error("query ($after: String) { events(after: $after) { nextCursor } }", after=wrong)
        assert (given["code"], given["retryable"]) == ("BAD_INPUT", False)


async def test_nothing_can_be_asked_of_an_empty_store() -> None:
    given = await error("{ status { height } }", engine=make_engine(MemoryStore()))
    assert (given["code"], given["retryable"]) == ("UNAVAILABLE", True)
    assert "daonode indexer status" in str(given["hint"])

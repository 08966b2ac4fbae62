"""The REST resources: what they answer, how lists are paged, and what is said of questions that are not right."""

from __future__ import annotations

import pytest

from daonode.gateway.settings import GatewaySection
from daonode.primitives.addresses import encode_account
from daonode.stores.errors import StoreMissing
from daonode.stores.memory import MemoryStore
from daonode.stores.rows import PointRow
from daonode.stores.tables import POINTS
from tests.unit.gateway.asking import asking, problem_in
from tests.unit.gateway.graphql.population import (
    CHAIN_ID,
    MEMBERS_THERE,
    account,
    changes,
    founded_store,
    proposal_id,
    time_of,
    tx_id,
    vote_block,
)

DAY_MS = 86_400_000
LISTS = (
    "/api/proposals",
    "/api/votes",
    "/api/members",
    "/api/metrics?series=treasury&bucket=1h",
    "/api/blocks",
    "/api/transactions",
    "/api/events",
    "/api/validators",
    "/api/tracks",
)


async def test_the_status_has_the_head_of_the_store_and_the_height_of_a_node() -> None:
    async with asking() as asker:
        status = await asker.json("/api/status")
    assert (status["chain_id"], status["height"], status["node_height"]) == (CHAIN_ID, 10, 12)
    assert (status["interval_ms"], status["time"]) == (1_000, "2026-05-28T20:26:50.000Z")


async def test_the_status_is_answered_without_a_node() -> None:
    async with asking() as asker:
        asker.node.is_away = True
        assert (await asker.json("/api/status"))["node_height"] is None


async def test_proposals_come_newest_first_with_their_tally() -> None:
    async with asking() as asker:
        items = (await asker.json("/api/proposals"))["items"]
    assert [item["number"] for item in items] == [2, 1]
    assert items[1]["tally"]["yes"] == str(2**60)
    assert items[0]["tally"]["electorate"] == str(2**64 - 1)
    assert items[0]["approval"] == {"kind": "linear", "start": 6000, "end": 5000}


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("status=deciding", [2]),
        ("status=rejected", []),
        ("track=1", [2, 1]),
        ("track=2", []),
        (f"proposer={encode_account(account(0))}", [2, 1]),
        (f"proposer={encode_account(account(1))}", []),
        ("q=GARDEN", [1]),
        ("q=proposal+2", [2]),
        ("status=executed&track=1&q=gardeners", [1]),
    ],
)
async def test_proposals_are_filtered(query: str, numbers: list[int]) -> None:
    async with asking() as asker:
        items = (await asker.json(f"/api/proposals?{query}"))["items"]
    assert [item["number"] for item in items] == numbers


@pytest.mark.parametrize("name", ["1", "0x" + proposal_id(1).hex()])
async def test_one_proposal_has_its_text_actions_and_timeline(name: str) -> None:
    async with asking() as asker:
        found = await asker.json(f"/api/proposals/{name}")
    assert found["body"] == "Pay the gardeners"
    assert found["actions"] == [{"type": "treasury.Spend", "value": {"amount": "50"}}]
    assert [(move["before"], move["after"]) for move in found["timeline"]] == [
        (None, "deciding"),
        ("deciding", "executed"),
    ]


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ("", ["4:2", "3:4", "3:1", "2:3", "2:0"]),
        ("?proposal=1&choice=yes", ["4:2", "3:4", "3:1", "2:3", "2:0"]),
        ("?choice=no", []),
        ("?proposal=2", []),
        (f"?voter={encode_account(account(2))}", ["4:2"]),
        ("?since=3:1", ["3:4", "4:2"]),
        ("?since=4:2", []),
    ],
)
async def test_votes_are_filtered_and_follow_a_position(query: str, positions: list[str]) -> None:
    async with asking() as asker:
        items = (await asker.json(f"/api/votes{query}"))["items"]
    assert [item["position"] for item in items] == positions


async def test_members_are_searched_by_name_and_by_address() -> None:
    async with asking() as asker:
        assert len((await asker.json("/api/members"))["items"]) == MEMBERS_THERE
        assert len((await asker.json("/api/members?active=false"))["items"]) == 1
        by_name = (await asker.json("/api/members?q=ALI"))["items"]
        address = encode_account(account(3))
        by_address = (await asker.json(f"/api/members?q={address[:20]}"))["items"]
    assert [item["name"] for item in by_name] == ["Alice"]
    assert [item["address"] for item in by_address] == [address]


async def test_a_member_has_votes_delegations_and_balances() -> None:
    async with asking() as asker:
        found = await asker.json(f"/api/members/{encode_account(account(0))}")
        account_found = await asker.json(f"/api/accounts/{encode_account(account(0))}")
    assert found["balances"] == [{"asset": "dao", "amount": "5", "decimals": 9}]
    assert [each["delegator"] for each in found["delegations"]["received"]] == [encode_account(account(3))]
    assert [each["position"] for each in found["votes"]] == ["2:0"]
    assert account_found["member"]["name"] == "Alice"


async def test_an_account_that_never_appeared_holds_nothing() -> None:
    async with asking() as asker:
        found = await asker.json(f"/api/accounts/{encode_account(account(90))}")
        refused = await asker.refusal(f"/api/members/{encode_account(account(90))}", 404)
    assert (found["member"], found["balances"]) == (None, [])
    assert "/api/accounts/" in refused["hint"]


async def test_the_treasury_has_assets_limits_and_spends() -> None:
    async with asking() as asker:
        found = await asker.json("/api/treasury")
        paid = await asker.json("/api/treasury?status=paid")
    assert found["assets"][0]["balance"] == str(2**63)
    assert found["limits"][0]["window"] == "1d"
    assert [spend["status"] for spend in found["spends"]["items"]] == ["approved"]
    assert paid["spends"]["items"] == []


async def test_a_transaction_has_its_events() -> None:
    async with asking() as asker:
        found = await asker.json(f"/api/transactions/0x{tx_id(3, 1).hex()}")
        missing = await asker.refusal(f"/api/transactions/0x{bytes(32).hex()}", 404)
    assert [event["type"] for event in found["events"]] == ["governance.VoteCast"]
    assert missing["retryable"] is True


@pytest.mark.parametrize("name", ["3", "0x" + (3).to_bytes(32, "big").hex()])
async def test_a_block_is_found_by_height_and_by_id(name: str) -> None:
    async with asking() as asker:
        assert (await asker.json(f"/api/blocks/{name}"))["height"] == 3


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", [1, 2, 7])
async def test_pages_of_any_size_have_every_item_once(path: str, limit: int) -> None:
    async with asking() as asker:
        whole = (await asker.json(f"{path}{'&' if '?' in path else '?'}limit=100"))["items"]
        assert await asker.all_items(path, limit=limit) == whole


async def test_what_is_inserted_between_two_pages_neither_drops_nor_repeats() -> None:
    store = founded_store()
    async with asking(store) as asker:
        first = await asker.json("/api/votes?limit=2")
        store.apply(vote_block(11, [0, 1, 2]))
        second = await asker.json(f"/api/votes?limit=3&cursor={first['next_cursor']}")
    assert [item["position"] for item in first["items"] + second["items"]] == ["4:2", "3:4", "3:1", "2:3", "2:0"]


async def test_a_cursor_goes_with_its_own_list_and_filters_alone() -> None:
    async with asking() as asker:
        cursor = (await asker.json("/api/votes?limit=1"))["next_cursor"]
        for path in (f"/api/votes?choice=yes&cursor={cursor}", f"/api/events?cursor={cursor}", "/api/votes?cursor=abc"):
            assert (await asker.refusal(path, 400))["reason"] == "invalid_cursor"


async def test_a_level_is_what_it_was_at_the_end_of_each_bucket() -> None:
    store = founded_store()
    start = time_of(0) // DAY_MS * DAY_MS
    points = [(start + 2 * DAY_MS + 5, 7), (start + 2 * DAY_MS + 9, 8), (start + 4 * DAY_MS, 9)]
    rows = [(POINTS, PointRow("supply", "dao", time_ms, 11, value)) for time_ms, value in points]
    store.apply(changes((6 * DAY_MS) // 1_000, rows))
    async with asking(store) as asker:
        items = (await asker.json("/api/metrics?series=supply&from=2026-05-28T00:00:00Z&to=2026-06-03T00:00:00Z"))[
            "items"
        ]
    assert [item["value"] for item in items] == [None, None, "8", "8", "9", "9"]
    assert items[2]["time"] == "2026-05-30T00:00:00.000Z"


async def test_a_result_is_the_mean_of_the_decisions_of_each_bucket() -> None:
    store = founded_store()
    rows = [
        (POINTS, PointRow("turnout", label, time_of(height), height, value))
        for label, height, value in (("1", 11, 1_000), ("2", 12, 2_001))
    ]
    store.apply(changes(12, rows))
    async with asking(store) as asker:
        items = (await asker.json("/api/metrics?series=turnout&bucket=1h"))["items"]
        of_one = (await asker.json("/api/metrics?series=turnout&bucket=1h&label=2"))["items"]
    assert (items[-1]["value"], items[-1]["count"], items[0]["value"]) == ("1500", 2, None)
    assert (of_one[-1]["value"], of_one[-1]["label"]) == ("2001", "2")


async def test_too_many_buckets_are_refused() -> None:
    async with asking() as asker:
        refused = await asker.refusal("/api/metrics?series=members&bucket=1h&from=2020-01-01T00:00:00Z", 400)
    assert "1000 buckets" in refused["detail"]


async def test_an_answer_that_is_known_is_not_read_again() -> None:
    store = founded_store()
    async with asking(store) as asker:
        first = await asker.get("/api/votes?limit=2")
        tag = first.headers["etag"]
        again = await asker.get("/api/votes?limit=2", If_None_Match=f'"other", {tag}')
        other = await asker.get("/api/votes?limit=3", If_None_Match=tag)
        store.apply(vote_block(11, [0]))
        later = await asker.get("/api/votes?limit=2", If_None_Match=tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["x-dao-height"] == "10"
    assert (other.status_code, later.status_code, later.headers["x-dao-height"]) == (200, 200, "11")


async def test_head_has_the_headers_of_get_and_no_body() -> None:
    async with asking() as asker:
        got, headed = await asker.get("/api/members"), await asker.http.head("/api/members")
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["etag"] == got.headers["etag"]
    assert headed.headers["content-length"] == got.headers["content-length"]


async def test_options_say_what_a_path_takes() -> None:
    async with asking() as asker:
        answer = await asker.http.options("/api/transactions")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")


async def test_a_page_of_another_origin_may_ask_where_the_operator_says_so() -> None:
    section = GatewaySection(cors_origins=("https://dao.example",))
    async with asking(section=section) as asker:
        answer = await asker.get("/api/status", Origin="https://dao.example")
        stranger = await asker.get("/api/status", Origin="https://evil.example")
        preflight = await asker.http.options(
            "/api/transactions",
            headers={"Origin": "https://dao.example", "Access-Control-Request-Method": "POST"},
        )
    assert answer.headers["access-control-allow-origin"] == "https://dao.example"
    assert "X-Dao-Height" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in stranger.headers
    assert preflight.status_code == 200


@pytest.mark.parametrize(
    ("path", "detail", "hint"),
    [
        ("/api/votes?sinc=1", "unknown parameter 'sinc'", "did you mean 'since'?"),
        ("/api/votes?limit=0", "limit: expected a whole number from 1 to 100, got 0", ""),
        ("/api/votes?limit=101", "limit: expected a whole number from 1 to 100, got 101", ""),
        ("/api/votes?limit=ten", "limit: expected a whole number, got 'ten'", ""),
        ("/api/votes?limit=1&limit=2", "limit: it is there twice", ""),
        ("/api/votes?since=x", "since: expected text matching", ""),
        ("/api/votes?voter=dao1abc", "voter: ", ""),
        ("/api/votes?choice=maybe", "choice: 'maybe' is not one of them", ""),
        ("/api/members?active=yes", "active: expected true or false", ""),
        ("/api/members?q=", "q: expected 1 to 100 characters", ""),
        ("/api/proposals/x", "proposal: expected text matching", ""),
        ("/api/proposals/9999999999999999", "proposal: expected a number up to", ""),
        ("/api/proposals/1?proposal=2", "unknown parameter 'proposal'", ""),
        ("/api/blocks/9999999999999999", "block: expected a height up to", ""),
        ("/api/metrics", "series: this field is missing", ""),
        ("/api/metrics?series=members&from=yesterday", "from: expected a UTC time", ""),
        ("/api/transactions/0x12", "tx_id: expected 32 bytes", ""),
    ],
)
async def test_a_parameter_that_is_not_right_is_named(path: str, detail: str, hint: str) -> None:
    async with asking() as asker:
        refused = await asker.refusal(path, 400)
    assert refused["detail"].startswith(detail)
    assert hint in refused["hint"]


async def test_what_is_not_there_is_said_so() -> None:
    async with asking() as asker:
        assert (await asker.refusal("/api/proposals/9", 404))["reason"] == "not_found"
        assert (await asker.refusal("/api/votes?proposal=9", 404))["reason"] == "not_found"
        assert "/graphql" in (await asker.refusal("/api/nothing", 404))["hint"]
        wrong = await asker.http.post("/api/votes")
        assert wrong.headers["allow"] == "GET, HEAD, OPTIONS"
        problem_in(wrong, 405)
        await asker.refusal("/api/votes", 406, Accept="text/html;q=1, application/json;q=0")


async def test_an_empty_or_missing_store_is_no_fault_of_the_asker() -> None:
    class Missing(MemoryStore):
        def snapshot(self) -> object:  # type: ignore[override]  # it has none
            raise StoreMissing("is not there: start the indexer", store="x")

    for store in (MemoryStore(), Missing()):
        async with asking(store) as asker:
            answer = await asker.get("/api/votes")
            ready = await asker.get("/readyz")
        assert problem_in(answer, 503)["reason"] == "not_indexed"
        assert answer.headers["retry-after"] == "2"
        assert (ready.status_code, ready.json()["ready"]) == (503, False)


async def test_a_mistake_of_ours_shows_nothing_of_itself() -> None:
    class Broken(MemoryStore):
        def snapshot(self) -> object:  # type: ignore[override]  # it breaks
            raise ZeroDivisionError("secret detail")

    async with asking(Broken()) as asker:
        answer = await asker.get("/api/votes")
    assert problem_in(answer, 500)["reason"] == "internal"
    assert "secret" not in answer.text


async def test_a_gateway_far_behind_its_node_is_not_ready() -> None:
    async with asking() as asker:
        assert (await asker.get("/readyz")).json() == {"ready": True, "reasons": []}
    async with asking() as asker:
        asker.node.results["dao_status"] = {"height": 100}
        answer = await asker.get("/readyz")
    assert answer.status_code == 503
    assert "90 blocks behind" in answer.json()["reasons"][0]

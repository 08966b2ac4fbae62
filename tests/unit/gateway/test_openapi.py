"""The document of the public side: it is valid, and every answer is what it says."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema_rs import validator_for

from daonode.gateway.rest.table import ENDPOINTS
from daonode.primitives.addresses import encode_account
from tests.unit.gateway.asking import Asker, asking
from tests.unit.gateway.graphql.population import account, tx_id

EXAMPLES = {"proposal": "1", "address": encode_account(account(0)), "block": "3", "tx_id": f"0x{tx_id(3, 1).hex()}"}
NEEDED = {"/api/metrics": "?series=treasury", "/api/auth/nonce": f"?address={EXAMPLES['address']}"}


async def document(asker: Asker) -> dict[str, Any]:
    found: dict[str, Any] = await asker.json("/api/openapi.json")
    return found


def check(value: Any, schema: dict[str, Any], whole: dict[str, Any]) -> None:
    validator_for({**schema, "components": whole["components"]}).validate(value)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
async def test_every_answer_is_of_the_form_that_the_document_gives(endpoint: Any) -> None:
    async with asking() as asker:
        whole = await document(asker)
        described = whole["paths"][endpoint.path]["get"]
        answer = await asker.get(endpoint.path.format(**EXAMPLES) + NEEDED.get(endpoint.path, ""))
        assert answer.status_code == 200, answer.text
        check(answer.json(), described["responses"]["200"]["content"]["application/json"]["schema"], whole)
        wrong = await asker.get(endpoint.path.format(**EXAMPLES) + "?nonsense=1")
        check(wrong.json(), described["responses"]["400"]["content"]["application/problem+json"]["schema"], whole)
        assert described["summary"].endswith((".", ":"))


@pytest.mark.parametrize("path", ["/api/auth/nonce", "/api/auth/session"])
async def test_the_operations_of_signing_in_are_described(path: str) -> None:
    async with asking() as asker:
        whole = await document(asker)
        answer = await asker.json(path + NEEDED.get(path, ""))
        schema = whole["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        check(answer, schema, whole)


async def test_what_is_posted_is_described() -> None:
    async with asking() as asker:
        whole = await document(asker)
    send = whole["paths"]["/api/transactions"]["post"]
    assert set(send["responses"]) >= {"202", "400", "408", "413", "415", "422", "429", "503"}
    check({"transaction": "0x00"}, send["requestBody"]["content"]["application/json"]["schema"], whole)


async def test_names_are_unique_and_no_reference_leads_nowhere() -> None:
    async with asking() as asker:
        whole = await document(asker)
    operations = [each for path in whole["paths"].values() for each in path.values()]
    names = [each["operationId"] for each in operations]
    assert len(names) == len(set(names)) == len(ENDPOINTS) + 4
    for reference in references(whole):
        assert reference.removeprefix("#/components/schemas/") in whole["components"]["schemas"], reference


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [each for member in value.values() for each in references(member)]
    if isinstance(value, list):
        return [each for member in value for each in references(member)]
    return []

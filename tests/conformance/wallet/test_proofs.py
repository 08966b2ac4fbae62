"""The product's own light client accepts every proof of the file, and none of the wrong ones."""

import json
from typing import Any

import pytest

from daonode.client.answers import Answer, read_certificate, read_value_proof
from daonode.client.errors import BadAnswer, ProofError
from daonode.client.light import TrustedChain
from daonode.consensus.types import Header
from daonode.genesis.document import load_document
from daonode.primitives.ids import TxId
from daonode.primitives.merkle import InclusionProof

Vectors = dict[str, Any]


@pytest.fixture(scope="module")
def chain(vectors: Vectors) -> TrustedChain:
    return TrustedChain(load_document(json.dumps(vectors["genesis"]).encode()))


@pytest.fixture(scope="module")
def headers(chain: TrustedChain, vectors: Vectors) -> dict[int, Header]:
    found = [verify_certificate(chain, each["answer"]) for each in vectors["certificates"]]
    return {header.height: header for header in found}


def verify_certificate(chain: TrustedChain, answer: Any) -> Header:
    certificate = read_certificate(Answer(answer, place="certificate"))
    if certificate.header.height != certificate.height:
        raise ProofError("another height")
    chain.verify_finality(certificate.header, proof=certificate.proof, descendants=certificate.descendants)
    return certificate.header


def verify_receipt(chain: TrustedChain, header: Header, answer: Any, tx_id: str) -> None:
    proof = Answer(answer, place="receipt").inner("proof")
    inclusion = proof.record("inclusion", InclusionProof)
    expected = TxId(bytes.fromhex(tx_id[2:]))
    chain.verify_receipt(tx_id=expected, encoded=proof.raw("receipt"), inclusion=inclusion, header=header)


def verify_state(chain: TrustedChain, header: Header, answer: Any, key: str) -> None:
    value = read_value_proof(Answer(answer, place="state"))
    if value.key.hex() != key[2:]:
        raise ProofError("another key")
    chain.verify_state(key=value.key, value=value.value, proof=value.proof, header=header)


def test_every_proof_is_accepted(chain: TrustedChain, headers: dict[int, Header], vectors: Vectors) -> None:
    assert sorted(headers) == [1, 2, 3]
    for each in vectors["receipts"]:
        verify_receipt(chain, headers[each["answer"]["height"]], each["answer"], each["answer"]["tx_id"])
    for each in vectors["state"]:
        verify_state(chain, headers[each["answer"]["height"]], each["answer"], each["answer"]["key"])


def test_no_wrong_proof_is_accepted(chain: TrustedChain, headers: dict[int, Header], vectors: Vectors) -> None:
    assert len(vectors["unproven"]) >= 30
    accepted = [wrong["name"] for wrong in vectors["unproven"] if is_accepted(chain, headers, wrong)]
    assert accepted == []


def is_accepted(chain: TrustedChain, headers: dict[int, Header], wrong: Any) -> bool:
    """Whether the light client takes an answer for proven."""
    answer = wrong["answer"]
    try:
        match wrong["kind"]:
            case "certificate":
                verify_certificate(chain, answer)
            case "receipt":
                verify_receipt(chain, headers[answer["height"]], answer, wrong["tx_id"])
            case "state":
                verify_state(chain, headers[answer["height"]], answer, wrong["key"])
    except (ProofError, BadAnswer):
        return False
    return True

"""A transaction on its way between signers, as a JSON file: its body and the signatures so far.

The body is in its encoded form, so that what is signed is what is shown by decoding it and nothing else. Every
signature in a file is verified when the file is read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta

from daonode.client.errors import FileFormatError, InvalidTransaction
from daonode.client.transactions import SignedTransaction, assemble
from daonode.client.wallet import SigningKey
from daonode.ledger.transactions import MAX_SIGNATURES, MAX_TRANSACTION_BYTES, TxBody, TxSignature, tx_id
from daonode.primitives.codec import DecodeError, Record, decode, encode
from daonode.primitives.ids import TxId
from daonode.primitives.json_form import JsonFormError, from_json, to_json
from daonode.primitives.signatures import verify
from daonode.primitives.strict_json import JsonLimits, StrictJsonError, parse_json

FORMAT: Final = "daonode-transaction"
VERSION: Final = 1
FILE_LIMITS: Final = JsonLimits(max_bytes=4 * MAX_TRANSACTION_BYTES, max_depth=64, max_values=100_000)


class _FileForm(Record, frozen=True):
    """The file, field by field."""

    format: Literal["daonode-transaction"]
    version: Annotated[int, Meta(ge=1, le=1)]
    tx_id: TxId
    body: Annotated[bytes, Meta(max_length=MAX_TRANSACTION_BYTES)]
    signatures: tuple[TxSignature, ...] = ()


@dataclass(frozen=True, slots=True)
class TransactionFile:
    """An encoded body, and valid signatures over it by ascending key, each key once. There may be none yet."""

    body: bytes
    signatures: tuple[TxSignature, ...] = ()

    @property
    def id(self) -> TxId:
        """The transaction's id: signatures do not change it."""
        return tx_id(self.body)

    @property
    def content(self) -> TxBody:
        """The decoded body."""
        return decode(self.body, TxBody)

    def sign(self, key: SigningKey) -> TransactionFile:
        """Return the file with this key's signature; with one of it already, the same file."""
        return _with_signatures(self.body, (*self.signatures, key.sign_transaction(self.body)))

    def finish(self) -> SignedTransaction:
        """Return what is sent, or raise `InvalidTransaction` where nobody has signed."""
        return assemble(self.body, self.signatures)

    def to_bytes(self) -> bytes:
        """The file: indented JSON with a line end."""
        form = _FileForm(format=FORMAT, version=VERSION, tx_id=self.id, body=self.body, signatures=self.signatures)
        return (json.dumps(to_json(form), indent=2) + "\n").encode()


def unsigned(body: TxBody) -> TransactionFile:
    """The file of a body that nobody has signed."""
    return TransactionFile(body=encode(body))


def combine(files: Sequence[TransactionFile]) -> TransactionFile:
    """Put the signatures of several copies together, or raise `InvalidTransaction` where the bodies differ."""
    if not files:
        raise InvalidTransaction("there is no transaction to combine")
    first = files[0]
    for each in files[1:]:
        if each.body != first.body:
            raise InvalidTransaction(
                f"this is transaction 0x{each.id.hex()}, the first file is 0x{first.id.hex()}",
                hint="all signers sign the same file",
            )
    return _with_signatures(first.body, tuple(signature for each in files for signature in each.signatures))


def parse_transaction_file(data: bytes) -> TransactionFile:
    """Read a transaction file.

    Raises:
        FileFormatError: it has not the form, its id is not its body's, or a signature does not verify.
    """
    try:
        form = from_json(parse_json(data, FILE_LIMITS), _FileForm)
        decode(form.body, TxBody)
    except StrictJsonError as error:
        raise FileFormatError(place=error.path, reason=error.message) from error
    except JsonFormError as error:
        raise FileFormatError(place=error.path, reason=error.reason) from error
    except DecodeError as error:
        raise FileFormatError(place="$.body", reason=f"not the body of a transaction: {error.reason}") from error
    if tx_id(form.body) != form.tx_id:
        raise FileFormatError(place="$.tx_id", reason=f"the body is that of 0x{tx_id(form.body).hex()}")
    for index, signature in enumerate(form.signatures):
        if not verify(signature.public_key, form.tx_id, signature.signature):
            raise FileFormatError(place=f"$.signatures[{index}]", reason="does not verify for this body")
    return _with_signatures(form.body, form.signatures)


def _with_signatures(body: bytes, signatures: tuple[TxSignature, ...]) -> TransactionFile:
    # The first of a key stays: signing is deterministic, so a second is the same or was made by other software.
    by_key = {signature.public_key: signature for signature in reversed(signatures)}
    if len(by_key) > MAX_SIGNATURES:
        raise InvalidTransaction(f"a transaction has at most {MAX_SIGNATURES} signatures, got {len(by_key)}")
    return TransactionFile(body=body, signatures=tuple(by_key[key] for key in sorted(by_key)))

"""One function for each message: who may, then what the keeper does."""

from collections.abc import Mapping

import msgspec

from daonode.ledger.context import Context
from daonode.ledger.errors import Unauthorised
from daonode.ledger.module import Handler
from daonode.ledger.typed import handles
from daonode.modules.validators.errors import HiddenCharacter
from daonode.modules.validators.keeper import ValidatorsKeeper
from daonode.modules.validators.messages import EditValidator
from daonode.primitives.addresses import encode_account, encode_validator
from daonode.primitives.codec import Record
from daonode.primitives.hidden_text import find_hidden


class Handlers:
    """The messages of this module."""

    def __init__(self, keeper: ValidatorsKeeper) -> None:
        self._keeper = keeper

    def by_type(self) -> Mapping[type[Record], Handler]:
        """Return each message type with what applies it."""
        return {EditValidator: handles(EditValidator, self.edit_validator)}

    def edit_validator(self, context: Context, message: EditValidator) -> None:
        """The payout account replaces what its validator says of itself."""
        record = self._keeper.validator(context.state, message.validator)
        if context.caller != record.payout_account:
            raise Unauthorised(
                f"only the payout account of {encode_validator(message.validator)} may edit it",
                hint=f"send from {encode_account(record.payout_account)}",
            )
        for field, text in (("moniker", message.moniker), ("address", message.address)):
            position = find_hidden(text)
            if position is not None:
                raise HiddenCharacter(field=field, position=position, character=text[position])
        edited = msgspec.structs.replace(
            record,
            payout_account=message.payout_account,
            moniker=message.moniker,
            node_key=message.node_key,
            address=message.address,
        )
        self._keeper.edit(context, message.validator, edited)

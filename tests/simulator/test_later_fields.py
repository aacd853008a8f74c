"""The field of later servers stands at the end, and the rest stays as it was."""

import pytest

from monitor.simulator.frames import frame
from monitor.simulator.later_fields import with_bank_id
from monitor.simulator.model import Update
from monitor.wire.pb import geyser_pb2
from tests.simulator.tiny_chain import tiny_bank, tiny_entry, tiny_transaction, tiny_write


@pytest.mark.parametrize(
    ("update", "field"),
    [
        (tiny_transaction(100, 1), 3),
        (tiny_write(100, 1, 1), 4),
        (tiny_entry(100, 0), 7),
        (tiny_bank(100, 99).meta, 10),
    ],
)
def test_the_update_ends_with_the_id_of_its_bank(update: Update, field: int) -> None:
    later = with_bank_id(update, 300)
    assert later.body.endswith(bytes((field << 3, 0xAC, 0x02)))
    said, was = (
        geyser_pb2.SubscribeUpdate.FromString(frame(("a",), body, 1))
        for body in (later.body, update.body)
    )
    inner = getattr(said, said.WhichOneof("update_oneof") or "")
    assert inner.bank_id == 300
    inner.ClearField("bank_id")
    assert said == was

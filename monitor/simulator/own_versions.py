"""Account writes as one node counts them: `write_version` begins anywhere, and no two nodes agree on it (TRAPS 4)."""

from typing import Any

from monitor.core.chain import Kind
from monitor.simulator.encoding import update
from monitor.simulator.model import Update
from monitor.wire.pb import geyser_pb2


def renumbered(write: Update, offset: int) -> Update:
    """The same account write under this node's number."""
    told: Any = write.message
    message = geyser_pb2.SubscribeUpdateAccount()
    message.CopyFrom(told)
    message.account.write_version += offset
    return update(Kind.ACCOUNT, write.slot, message)

"""What all peers share: the request they send, the key they take from an update, their command line."""

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from monitor.core.chain import KIND_WORDS, Kind
from monitor.wire.pb import geyser_lazy_pb2, geyser_pb2
from tests.bench.window import PACED_WARM_UP, STEP, WARM_UP, Figures, Window

SUBSCRIBE: Final = "/geyser.Geyser/Subscribe"
UNBOUNDED: Final = (("grpc.max_receive_message_length", -1),)

Key = tuple[int, int, object, int]


def request(*, blocks: bool = False) -> geyser_pb2.SubscribeRequest:
    """Two filters (or one for whole blocks) and the hidden ones: what the daemon of the bench asks for."""
    made = geyser_pb2.SubscribeRequest(commitment=geyser_pb2.PROCESSED)
    if blocks:
        made.blocks["a"].include_transactions = True
    else:
        made.transactions["a"].SetInParent()
        made.accounts["b"].SetInParent()
    made.slots["~1"].interslot_updates = True
    made.blocks_meta["~1"].SetInParent()
    return made


def key_of(update: geyser_pb2.SubscribeUpdate | geyser_lazy_pb2.SubscribeUpdate) -> Key:
    """What makes an update itself: kind, slot, and signature, or pubkey and write version."""
    match update.WhichOneof("update_oneof"):
        case "account":
            account = update.account
            return 2, account.slot, account.account.pubkey, account.account.write_version
        case "transaction":
            transaction = update.transaction
            return 4, transaction.slot, transaction.transaction.signature, 0
        case "slot":
            return 3, update.slot.slot, update.slot.status, 0
        case "block_meta":
            return 7, update.block_meta.slot, update.block_meta.blockhash, 0
        case "block":
            return 5, update.block.slot, update.block.blockhash, 0
        case _:
            return 0, 0, None, 0


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options of every reader; more than one `--port` only where several feeds make sense."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--port", type=int, nargs="+", required=True)
    made.add_argument("--seconds", type=float, default=3.0)
    made.add_argument("--core", type=int, help="stay on this one")
    made.add_argument("--delays", action="store_true", help="take them: the stream is paced")
    made.add_argument("--blocks", action="store_true", help="read whole blocks, not the mix")
    made.add_argument("--messages", type=int, help="read so many instead of so long; tell kinds")
    return made


def window(given: argparse.Namespace) -> Window:
    """The window that the options describe. Of blocks there are few: each is looked at."""
    step = 1 if given.blocks else STEP
    warm_up = PACED_WARM_UP if given.delays else WARM_UP
    return Window(given.seconds, warm_up, given.messages, step)


def counted(figures: Figures, kinds: Mapping[int, int]) -> Figures:
    """The figures of a reader that was to read so many messages, with their kinds."""
    words = {KIND_WORDS[Kind(kind)]: count for kind, count in sorted(kinds.items())}
    return replace(figures, kinds=words)


def report(figures: Figures) -> None:
    """The one line that the bench reads."""
    print(json.dumps(figures.as_json()), flush=True)

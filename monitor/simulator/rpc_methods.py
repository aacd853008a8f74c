"""JSON-RPC methods of a node, answered from the simulated chain (BACKFILL 2)."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from monitor.core.chain import Commitment
from monitor.simulator.accounts import Accounts
from monitor.simulator.base58 import base58, key_bytes
from monitor.simulator.model import Bank
from monitor.simulator.rpc_blocks import BlockForm, VersionTooNew, block_json
from monitor.simulator.view import ChainView

MOST_BLOCKS: Final = 500_000
MOST_ACCOUNTS: Final = 100
_CORE_VERSION: Final = "4.2.0"
_FEATURE_SET: Final = 3_640_012_085

Params = Sequence[Any]
Told = TypeVar("Told")


class RpcError(Exception):
    """An error answer: code, message, and what goes into its `data`."""

    def __init__(self, code: int, message: str, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.facts = facts


class RpcMethods:
    """All methods; `answer` is the only door."""

    def __init__(self, view: ChainView, accounts: Accounts, clock: Callable[[], float]) -> None:
        self._view = view
        self._accounts = accounts
        self._clock = clock
        self._methods: dict[str, Callable[[Params], Any]] = {
            "getAccountInfo": self._account,
            "getBlock": self._block,
            "getBlockHeight": self._block_height,
            "getBlocks": self._blocks,
            "getBlocksWithLimit": self._blocks_with_limit,
            "getFirstAvailableBlock": lambda _: self._view.first_kept(),
            "getHealth": lambda _: "ok",
            "getMultipleAccounts": self._many_accounts,
            "getSlot": lambda params: self._tip(_options(params, 0)),
            "getVersion": lambda _: {"solana-core": _CORE_VERSION, "feature-set": _FEATURE_SET},
        }

    def answer(self, method: str, params: Params) -> Any:
        """The result. Raises RpcError."""
        found = self._methods.get(method)
        if found is None:
            raise RpcError(-32601, "Method not found")
        return found(params)

    def block(self, params: Params) -> tuple[Bank, BlockForm]:
        """The block that getBlock wants, and in which form. Raises RpcError."""
        number = _number(params, 0)
        options = params[1] if len(params) > 1 else None
        if isinstance(options, str):
            options = {"encoding": options}
        form = _block_form(_mapping(options))
        level = _settled_level(_mapping(options))
        return self._reached_block(number, level), form

    def _block(self, params: Params) -> dict[str, Any]:
        bank, form = self.block(params)
        return told(lambda: block_json(bank, form))

    def _reached_block(self, number: int, level: Commitment) -> Bank:
        first = self._view.first_kept()
        if number < first:
            raise RpcError(
                -32001,
                f"Block {number} cleaned up, does not exist on node. First available block: {first}",
            )
        bank = self._view.block(number, level, self._clock())
        if bank is not None:
            return bank
        root = self._view.newest(Commitment.FINALIZED, self._clock())
        if root is None or number > root.slot:
            raise RpcError(-32004, f"Block not available for slot {number}")
        raise RpcError(
            -32007,
            f"Slot {number} was skipped, or missing due to ledger jump to recent snapshot",
        )

    def _blocks(self, params: Params) -> list[int]:
        start = _number(params, 0)
        last, place = None, 1
        if len(params) > 1 and not isinstance(params[1], Mapping):
            place = 2
            last = None if params[1] is None else _number(params, 1)
        options = _options(params, place)
        level = _settled_level(options)
        tip = self._tip(options, level)
        end = min(tip, start + MOST_BLOCKS if last is None else last)
        if end < start:
            return []
        if end - start > MOST_BLOCKS:
            raise RpcError(-32602, f"Slot range too large; max {MOST_BLOCKS}")
        return self._numbers(range(start, end + 1), level, MOST_BLOCKS + 1)

    def _blocks_with_limit(self, params: Params) -> list[int]:
        start, limit = _number(params, 0), _number(params, 1)
        if limit > MOST_BLOCKS:
            raise RpcError(-32602, f"Limit too large; max {MOST_BLOCKS}")
        options = _options(params, 2)
        level = _settled_level(options)
        return self._numbers(range(start, self._tip(options, level) + 1), level, limit)

    def _numbers(self, slots: range, level: Commitment, limit: int) -> list[int]:
        """Slots with a block; below the first that is kept, silently none (BACKFILL 2)."""
        first, now = max(slots.start, self._view.first_kept()), self._clock()
        found: list[int] = []
        for number in range(first, slots.stop):
            if len(found) == limit:
                break
            if self._view.block(number, level, now) is not None:
                found.append(number)
        return found

    def _block_height(self, params: Params) -> int:
        options = _options(params, 0)
        self._tip(options)
        bank = self._view.newest(_level(options), self._clock())
        return 0 if bank is None else bank.block_height or 0

    def _tip(self, options: Mapping[str, Any], level: Commitment | None = None) -> int:
        """The newest slot of a level; refuses when it is below minContextSlot."""
        bank = self._view.newest(_level(options) if level is None else level, self._clock())
        slot = 0 if bank is None else bank.slot
        _check_context(options, slot)
        return slot

    def _account(self, params: Params) -> dict[str, Any]:
        slot, found = self._read_accounts([_argument(params, 0)], _options(params, 1))
        return {"context": _context(slot), "value": found[0]}

    def _many_accounts(self, params: Params) -> dict[str, Any]:
        asked = _argument(params, 0)
        if not isinstance(asked, list):
            raise _invalid("expected a sequence of addresses")
        if len(asked) > MOST_ACCOUNTS:
            raise RpcError(-32602, f"Too many inputs provided; max {MOST_ACCOUNTS}")
        slot, found = self._read_accounts(asked, _options(params, 1))
        return {"context": _context(slot), "value": found}

    def _read_accounts(
        self, asked: Sequence[Any], options: Mapping[str, Any]
    ) -> tuple[int, list[dict[str, Any] | None]]:
        if options.get("encoding") != "base64":
            raise RpcError(
                -32600,
                "Encoded binary (base 58) data should be less than 128 bytes, please use Base64 encoding.",
            )
        keys = [_key(text) for text in asked]
        slot, state = self._accounts.at(_level(options), self._clock(), self._view)
        _check_context(options, slot)
        cut = options.get("dataSlice")
        found = [state.get(key) for key in keys]
        return slot, [
            None if account is None or not account.lamports else _account_json(account, cut)
            for account in found
        ]


def told(tell: Callable[[], Told]) -> Told:
    """A block as it is told; a version that is too new becomes the RpcError of the method."""
    try:
        return tell()
    except VersionTooNew as found:
        raise RpcError(
            -32015,
            f"Transaction version ({found.version}) is not supported by the requesting client. "
            "Please try the request again with the following configuration parameter: "
            f'"maxSupportedTransactionVersion": {found.version}',
        ) from found


def _account_json(account: Any, cut: Mapping[str, int] | None) -> dict[str, Any]:
    content = account.data
    if cut is not None:
        content = content[cut["offset"] : cut["offset"] + cut["length"]]
    return {
        "data": [b64encode(content).decode(), "base64"],
        "executable": account.executable,
        "lamports": account.lamports,
        "owner": base58(account.owner),
        "rentEpoch": account.rent_epoch,
        "space": len(account.data),
    }


def _context(slot: int) -> dict[str, Any]:
    return {"apiVersion": _CORE_VERSION, "slot": slot}


def _check_context(options: Mapping[str, Any], slot: int) -> None:
    wanted = options.get("minContextSlot")
    if wanted is not None and slot < wanted:
        raise RpcError(-32016, "Minimum context slot has not been reached", {"contextSlot": slot})


def _block_form(options: Mapping[str, Any]) -> BlockForm:
    encoding = options.get("encoding") or "json"
    if encoding not in ("json", "base64"):
        raise _invalid(f"unknown variant `{encoding}`, expected `json` or `base64`")
    details = options.get("transactionDetails") or "full"
    if details not in ("full", "accounts", "signatures", "none"):
        raise _invalid(
            f"unknown variant `{details}`, expected one of `full`, `signatures`, `none`, `accounts`"
        )
    rewards = options.get("rewards")
    return BlockForm(
        encoding=encoding,
        details=details,
        rewards=True if rewards is None else bool(rewards),
        max_version=options.get("maxSupportedTransactionVersion"),
    )


def _level(options: Mapping[str, Any]) -> Commitment:
    word = options.get("commitment") or "finalized"
    try:
        return Commitment[str(word).upper()]
    except KeyError:
        raise _invalid(
            f"unknown variant `{word}`, expected one of `processed`, `confirmed`, `finalized`"
        ) from None


def _settled_level(options: Mapping[str, Any]) -> Commitment:
    level = _level(options)
    if level is Commitment.PROCESSED:
        raise RpcError(-32602, "Method does not support commitment below `confirmed`")
    return level


def _options(params: Params, place: int) -> Mapping[str, Any]:
    return _mapping(params[place] if len(params) > place else None)


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _invalid("expected a configuration object")
    return value


def _argument(params: Params, place: int) -> Any:
    if len(params) <= place:
        raise RpcError(-32602, "`params` should have at least 1 argument(s)")
    return params[place]


def _number(params: Params, place: int) -> int:
    value = _argument(params, place)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _invalid("expected u64")
    return value


def _key(text: Any) -> bytes:
    try:
        return key_bytes(text)
    except (ValueError, TypeError) as wrong:
        raise RpcError(-32602, "Invalid param: Invalid") from wrong


def _invalid(why: str) -> RpcError:
    return RpcError(-32602, f"Invalid params: {why}.")

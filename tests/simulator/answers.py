"""getBlock answers made by hand, so that tests need no file."""

from typing import Any

VOTE = "Vote111111111111111111111111111111111111111"
PAYER = "CRextgJEiudn3vzHZauno3a8BpfdweYEdLEjhpZ8C7Cm"
OTHER = "5pcSptdL9QTfWLJS6ebhwGBKLeReVdyn5ixRdRbp7brh"
LOADED = "SysvarC1ock11111111111111111111111111111111"
MINT = "So11111111111111111111111111111111111111112"
HASHES = [
    "GeBAtHoJBJyAVa7PTHgLRaadjJjns7sZGt7CRpYnZaNN",
    "7pD2kt11VdTuvW3i5gxKxuENpN55KMHjCH8StcKaeEwH",
    "JFeUhkbAGyvpKhzwUT5L1J4DMtgkBARPgCRDxPcrRNo",
    "DmWTkipXuVhNSqRJRUb7Mxoxf5XFLEiHY6vzBTYxp4zc",
]
SIGNATURE = (
    "4M8Btq3k8cs8BbPW1rkeVqnQ6D67EDv37iw5AMGLTLy4nZr2jBjHXegpV7V6Rin7s4kDE4vM2SH8eJMNb4WG5keh"
)
OTHER_SIGNATURE = (
    "3R185LAmEsUx4UmfjtZAG9NZmVMpWUPfxavvhLvAHhFzbBc4qxRxVhvAhTadnoK8PpQKwSAXnGbCZzry1h82iLGT"
)


def vote() -> dict[str, Any]:
    """A simple vote of 2020: no version, no compute units, no inner instructions recorded."""
    return {
        "transaction": {
            "signatures": [SIGNATURE],
            "message": {
                "header": {
                    "numRequiredSignatures": 1,
                    "numReadonlySignedAccounts": 0,
                    "numReadonlyUnsignedAccounts": 1,
                },
                "accountKeys": [PAYER, OTHER, VOTE],
                "recentBlockhash": HASHES[0],
                "instructions": [{"programIdIndex": 2, "accounts": [1, 0], "data": "2g"}],
            },
        },
        "meta": {
            "err": None,
            "fee": 5000,
            "preBalances": [10_000, 5, 1],
            "postBalances": [5000, 5, 1],
            "innerInstructions": None,
            "logMessages": None,
        },
    }


def failed_swap() -> dict[str, Any]:
    """A version-0 transaction that failed, with everything that a meta can hold."""
    made = vote()
    made["version"] = 0
    made["transaction"]["signatures"] = [OTHER_SIGNATURE]
    made["transaction"]["message"]["addressTableLookups"] = [
        {"accountKey": OTHER, "writableIndexes": [], "readonlyIndexes": [3]}
    ]
    balance = {
        "accountIndex": 1,
        "mint": MINT,
        "uiTokenAmount": {"amount": "7", "decimals": 9, "uiAmount": 7e-9, "uiAmountString": "0"},
    }
    made["meta"] |= {
        "err": {"InstructionError": [0, {"Custom": 7}]},
        "preBalances": [10_000, 5, 1, 1],
        "postBalances": [5000, 5, 1, 1],
        "innerInstructions": [
            {
                "index": 0,
                "instructions": [
                    {"programIdIndex": 2, "accounts": [0], "data": "a3gV", "stackHeight": 2}
                ],
            }
        ],
        "logMessages": ["Program log: x"],
        "loadedAddresses": {"writable": [], "readonly": [LOADED]},
        "computeUnitsConsumed": 77,
        "returnData": {"programId": VOTE, "data": ["AQI=", "base64"]},
        "preTokenBalances": [balance],
        "postTokenBalances": [{**balance, "owner": PAYER, "programId": VOTE}],
    }
    return made


def answer(number: int, parent: int) -> dict[str, Any]:
    """A block of two transactions: slot 100 + `number` after slot 100 + `parent`."""
    return {
        "previousBlockhash": HASHES[parent % len(HASHES)],
        "blockhash": HASHES[number % len(HASHES)],
        "parentSlot": 100 + parent,
        "blockTime": 1_607_896_242,
        "blockHeight": None,
        "rewards": [
            {
                "pubkey": PAYER,
                "lamports": -3,
                "postBalance": 12,
                "rewardType": "Rent",
                "commission": None,
            }
        ],
        "transactions": [vote(), failed_swap()],
    }

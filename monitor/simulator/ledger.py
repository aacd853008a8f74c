"""What accounts hold on one branch of the simulated chain."""

from monitor.simulator.chain_actors import TOKEN_ACCOUNT_LAMPORTS


class Ledger:
    """Lamports by address, and amounts by token account. Every address is opened before it is used."""

    def __init__(self) -> None:
        self.lamports: dict[bytes, int] = {}
        self.tokens: dict[bytes, int] = {}

    def open(self, address: bytes, lamports: int) -> None:
        """Give an address its first balance, unless it has one."""
        self.lamports.setdefault(address, lamports)

    def open_token_account(self, address: bytes, amount: int) -> None:
        """Give a token account its first amount and its rent, unless it has them."""
        self.lamports.setdefault(address, TOKEN_ACCOUNT_LAMPORTS)
        self.tokens.setdefault(address, amount)

    def branch(self) -> "Ledger":
        """A copy for a block that may be lost; writing to it leaves this ledger as it is."""
        copied = Ledger()
        copied.lamports = self.lamports.copy()
        copied.tokens = self.tokens.copy()
        return copied

"""Actors follow from the seed and own what they need."""

from solders.token.state import TokenAccount as SplTokenAccount

from monitor.simulator.chain_actors import make_actors


def test_the_same_seed_makes_the_same_actors() -> None:
    first, same, other = make_actors(1, 4), make_actors(1, 4), make_actors(2, 4)
    assert first.balances() == same.balances()
    assert not {user.signer.key for user in first.users} & {u.signer.key for u in other.users}


def test_there_are_more_validators_than_votes() -> None:
    assert len(make_actors(1, 40).validators) > 40
    assert len(make_actors(1, 0).validators) >= 8


def test_every_address_has_one_first_balance() -> None:
    lamports, tokens = make_actors(1, 40).balances()
    addresses = [address for address, _ in [*lamports, *tokens]]
    assert len(addresses) == len(set(addresses))
    assert all(amount > 0 for _, amount in [*lamports, *tokens])


def test_a_token_account_reads_as_the_token_program_wrote_it() -> None:
    wallet = make_actors(1, 4).users[0].wallets[1]
    content = wallet.content(12_345)
    state = SplTokenAccount.from_bytes(content)
    assert len(content) == 165
    assert (bytes(state.mint), bytes(state.owner)) == (wallet.mint.address, wallet.owner)
    assert (state.amount, state.delegate, state.is_native) == (12_345, None, None)
    assert (int(state.state), state.close_authority) == (1, None)

"""Cheap signatures are valid ones."""

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

from monitor.simulator.signing import Nonces, Signer


def test_signatures_verify_under_the_key_that_solders_derives() -> None:
    signer, nonces = Signer(bytes(range(32))), Nonces(1)
    assert signer.key == bytes(Keypair.from_seed(bytes(range(32))).pubkey())
    for number in range(40):
        message = b"message %d" % number
        signature = Signature(signer.sign(message, nonces.take()))
        assert signature.verify(Pubkey(signer.key), message)
        assert not signature.verify(Pubkey(signer.key), message + b"!")


def test_one_nonce_still_gives_each_message_its_own_signature() -> None:
    signer, nonce = Signer(b"k" * 32), Nonces(1).take()
    assert signer.sign(b"a", nonce) != signer.sign(b"b", nonce)


def test_nonces_follow_from_the_seed() -> None:
    first, same, other = Nonces(1), Nonces(1), Nonces(2)
    taken = [first.take() for _ in range(600)]
    assert taken == [same.take() for _ in range(600)]
    assert len(set(taken)) == 509
    assert other.take() not in taken

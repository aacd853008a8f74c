"""The defaults are those that the product promises."""

from monitor.simulator.chain_settings import ChainSettings


def test_defaults() -> None:
    settings = ChainSettings()
    counts = (settings.votes, settings.transactions, settings.account_writes, settings.entries)
    assert counts == (40, 15, 60, 8)
    assert (settings.skipped, settings.forked) == (0.04, 0.03)
    assert (settings.dead, settings.recreated) == (0.005, 0.005)

"""The null sink."""

from monitor.adapters.sinks.null import NullSink


async def test_asks_for_no_records_and_takes_all() -> None:
    sink = NullSink()
    await sink.open()
    await sink.write([b"1\n"])
    await sink.flush()
    await sink.close()
    assert sink.takes_records is False

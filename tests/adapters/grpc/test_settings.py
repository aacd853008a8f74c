from monitor.adapters.grpc.settings import GrpcSettings, Reader


def test_readers_have_the_words_of_the_configuration() -> None:
    assert list(Reader) == ["auto", "segregated", "single_threaded", "plain"]


def test_nothing_is_limited_or_compressed_unless_asked() -> None:
    settings = GrpcSettings()
    assert settings.max_message_mb is None
    assert not settings.gzip
    assert settings.feed_buffer_bytes == 64 * 1024 * 1024

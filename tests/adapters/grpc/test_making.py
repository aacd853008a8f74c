import pytest

from monitor.adapters.grpc.feeds import GrpcFeeds
from monitor.adapters.grpc.making import make_deshred_feeds, make_feeds
from monitor.adapters.grpc.process_feeds import ProcessFeeds
from monitor.adapters.grpc.settings import GrpcSettings, Reader, Workers


@pytest.mark.parametrize(
    ("workers", "kind"), [(Workers.THREAD, GrpcFeeds), (Workers.PROCESS, ProcessFeeds)]
)
def test_workers_tell_the_kind_of_feeds(workers: Workers, kind: type) -> None:
    feeds = make_feeds(GrpcSettings(reader=Reader.PLAIN, workers=workers))
    assert type(feeds) is kind
    assert (feeds.reader_chosen, feeds.reader_reason) == ("plain", "set in the configuration")


def test_deshred_is_read_in_threads_even_where_processes_read_the_rest() -> None:
    feeds = make_deshred_feeds(GrpcSettings(reader=Reader.PLAIN, workers=Workers.PROCESS))
    assert type(feeds) is GrpcFeeds

"""Which feeds the settings ask for."""

from monitor.adapters.grpc.channels import SUBSCRIBE_DESHRED
from monitor.adapters.grpc.feeds import GrpcFeeds
from monitor.adapters.grpc.process_feeds import ProcessFeeds
from monitor.adapters.grpc.settings import GrpcSettings, Workers

AnyFeeds = GrpcFeeds | ProcessFeeds


def make_feeds(settings: GrpcSettings) -> AnyFeeds:
    """Feeds that read in threads or in processes; choosing the reader takes some tens of milliseconds."""
    if settings.workers is Workers.PROCESS:
        return ProcessFeeds(settings)
    return GrpcFeeds(settings)


def make_deshred_feeds(settings: GrpcSettings) -> GrpcFeeds:
    """Feeds of SubscribeDeshred; read in threads, whatever the settings say of processes."""
    return GrpcFeeds(settings, path=SUBSCRIBE_DESHRED)

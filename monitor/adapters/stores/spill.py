"""Slots that wait for their level, a file each in `STATE_DIR/spill`: made whole under another name, synced, then renamed.

So a segment is there whole or not at all, whenever the process dies; what is there all the same and is none was
spoilt by the disk, and is set aside for a person to look at.
"""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

from monitor.adapters.stores.spill_segments import (
    FINGERPRINT,
    HEAD_BYTES,
    head_of,
    outline_in,
    packed_in,
    segment,
)
from monitor.core.errors import SpillFailed, SpillFull, SpillTorn
from monitor.spilled import SpilledSlot, SpillIndex

_SEGMENT: Final = ".segment"
_UNFINISHED: Final = ".unfinished"
_TORN: Final = ".torn"
_NO_ROOM: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def fingerprint(*parts: object) -> bytes:
    """Of what a slot on the disk depends on, as `repr` tells it: the origins and monitors, whose numbers it holds."""
    return blake2b(repr(parts).encode(), digest_size=FINGERPRINT).digest()


class SpillFolder:
    """The `SpillStore` of a state directory."""

    def __init__(
        self, folder: Path, own: bytes, max_bytes: int, utc_ns: Callable[[int], int]
    ) -> None:
        """`own`: the `fingerprint` of this configuration. `utc_ns`: as `ports.Clock.utc_ns`."""
        self._folder = folder
        self._own = own
        self._max_bytes = max_bytes
        self._utc_ns = utc_ns
        self._sizes: dict[int, int] = {}
        self._used = 0

    @property
    def slots(self) -> int:
        """How many are there."""
        return len(self._sizes)

    @property
    def bytes_used(self) -> int:
        """Bytes of their files."""
        return self._used

    def open(self) -> SpillIndex:
        """As `SpillStore.open`. Raises SpillFailed."""
        found: list[SpilledSlot] = []
        torn: list[str] = []
        foreign = 0
        with self._named(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            for path in self._folder.glob(f"*{_UNFINISHED}"):
                path.unlink()
            for path in sorted(self._folder.glob(f"*{_SEGMENT}")):
                try:
                    outlined = self._outlined(path)
                except SpillTorn:
                    self._set_aside(path)
                    torn.append(path.name)
                    continue
                if outlined is None:
                    path.unlink()
                    foreign += 1
                else:
                    found.append(outlined)
        found.sort(key=lambda each: each.slot)
        return SpillIndex(tuple(found), foreign, tuple(torn))

    def put(self, slot: int, outline_bytes: int, packed: bytes) -> None:
        """As `SpillStore.put`. Raises SpillFull, SpillFailed."""
        parts = segment(self._own, slot, self._utc_ns(0), outline_bytes, packed)
        size, before = sum(map(len, parts)), self._sizes.get(slot, 0)
        if self._used + size > self._max_bytes:
            raise SpillFull(
                f"{self._folder} holds {self._used} bytes and may hold {self._max_bytes}; "
                "raise spill.max_bytes"
            )
        path = self._path(slot)
        unfinished = path.with_suffix(_UNFINISHED)
        with self._named(path):
            try:
                _write(unfinished, parts)
                unfinished.replace(path)
            except OSError:
                with suppress(OSError):
                    unfinished.unlink(missing_ok=True)
                raise
            self._note(slot, size - before)
            self._sync_folder()

    def get(self, slot: int) -> SpilledSlot:
        """As `SpillStore.get`. Raises SpillTorn, SpillFailed."""
        path = self._path(slot)
        with self._named(path):
            try:
                written = path.read_bytes()
            except FileNotFoundError as error:
                self._forget(slot)
                raise SpillTorn(f"{path} is not there any more; nobody may remove it") from error
            try:
                packed = packed_in(written)
                head = head_of(written)
                if (head.fingerprint, head.slot) != (self._own, slot):
                    raise SpillTorn("it is another segment")
            except SpillTorn as error:
                self._set_aside(path)
                self._forget(slot)
                raise SpillTorn(f"{path}: {error}; see whether the disk is sound") from error
        return SpilledSlot(slot, packed, head.utc_ns - self._utc_ns(0))

    def remove(self, slots: Sequence[int]) -> None:
        """As `SpillStore.remove`. Raises SpillFailed."""
        failed: SpillFailed | None = None
        for slot in slots:
            if slot not in self._sizes:
                continue
            path = self._path(slot)
            try:
                with self._named(path):
                    path.unlink(missing_ok=True)
            except SpillFailed as error:
                failed = error
            else:
                self._forget(slot)
        if failed is not None:
            raise failed

    def _outlined(self, path: Path) -> SpilledSlot | None:
        """The slot of this segment with its outline; None for one of another configuration. Raises SpillTorn."""
        with path.open("rb") as file:
            head = head_of(file.read(HEAD_BYTES))
            if head.fingerprint != self._own:
                return None
            file.seek(0)
            outline = outline_in(head, file.read(HEAD_BYTES + head.outline_bytes))
            size = os.fstat(file.fileno()).st_size
        if size != head.segment_bytes or path != self._path(head.slot):
            raise SpillTorn("it is not what was written")
        self._note(head.slot, size)
        return SpilledSlot(head.slot, outline, head.utc_ns - self._utc_ns(0))

    def _path(self, slot: int) -> Path:
        return self._folder / f"{slot}{_SEGMENT}"

    def _note(self, slot: int, more: int) -> None:
        self._sizes[slot] = self._sizes.get(slot, 0) + more
        self._used += more

    def _forget(self, slot: int) -> None:
        self._used -= self._sizes.pop(slot, 0)

    def _set_aside(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            path.replace(path.with_suffix(_TORN))

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def _named(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise SpillFull(f"{path}: {error.strerror}; free space") from error
            raise SpillFailed(f"{path}: {error.strerror}; make it writable") from error


def _write(path: Path, parts: Sequence[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())

"""What a spool is: the queue of encoded batches between the pipeline and one sender."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Encoding: TypeAlias = Literal["gzip"] | None  # as HTTP's Content-Encoding
# Why a batch is given up, after the sink's name: the reason under which its records are counted as dropped.
REFUSED, TOO_LARGE = "refused", "too_large"


class Batch(NamedTuple):
    """One request as it will be posted.

    Attributes:
        id: names it within its spool, while the process lives.
        mark: its place in the order of appends; the parts of a split batch share their parent's.
        body: the bytes to post.
        records: how many log records or spans they hold.
        encoding: how the body is compressed.
    """

    id: int
    mark: int
    body: bytes
    records: int
    encoding: Encoding = None

    def __repr__(self) -> str:
        """Show the size, not the bytes."""
        return f"Batch(id={self.id}, records={self.records}, bytes={len(self.body)}, encoding={self.encoding!r})"


class Pending(NamedTuple):
    """What a spool holds, batches that are being sent included."""

    batches: int
    records: int
    bytes: int


class Spool(Protocol):
    """A queue of batches for one signal and one destination; first in, first out.

    One thread appends (the pipeline's), another takes (the sender's), any may ask. A batch that was taken is *held* until it
    is released, put back, split or quarantined: each is answered with False, and does nothing, once the spool has
    let go of the batch otherwise (closed), so that nothing is counted twice. The spool counts what it loses, by reason.
    """

    @property
    def outlives_process(self) -> bool:
        """Whether what was appended is safe without having been sent: an exit waits for the network only while it helps."""

    @property
    def rejected_file(self) -> str | None:
        """The file of the batch that went to quarantine last; None if it could not be, or is not kept."""

    def append(self, body: bytes, records: int, encoding: Encoding = None) -> int:
        """Take a batch; return how many records had to be dropped for it, its own included: 0 as a rule. Never waits."""

    def take(self, timeout: float | None = None) -> Batch | None:
        """Return the oldest batch and hold it; None after *timeout* seconds, or if woken, with nothing to take."""

    def release(self, batch: Batch) -> bool:
        """Let go of a held *batch*: it was delivered."""

    def put_back(self, batch: Batch) -> bool:
        """Make a held *batch* the next to be taken again."""

    def split(self, batch: Batch, parts: Sequence[tuple[bytes, int]]) -> bool:
        """Put *parts* (body, records), compressed as *batch* is, in the place of a held *batch*.

        A spool on disk may keep them in memory and the whole on disk until the last part is released: a crash in between
        then sends the whole again, as any crash before a release does.
        """

    def quarantine(self, batch: Batch, cause: str, reason: str) -> bool:
        """Take a held *batch* out of the queue for good; its records count as dropped for *cause*."""

    def mark(self) -> int:
        """Return the mark of the latest append."""

    def is_settled(self, mark: int) -> bool:
        """Return whether nothing that was appended up to *mark* is waiting or held."""

    def lost(self) -> int:
        """Return how many records were dropped or quarantined so far."""

    def pending(self) -> Pending:
        """Return what waits or is held."""

    def wake(self) -> None:
        """Make `take`, the one that waits or else the next one, return without waiting."""

    def close(self) -> bool:
        """Stop taking appends and let go of everything; False if that lost something."""

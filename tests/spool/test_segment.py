"""The format of segments: whatever becomes of a file, all that is intact is found, and what is missing is counted."""

from hypothesis import given
from hypothesis import strategies as st

from otel_events.spool.segment import HEADER_BYTES, encode_batch, encode_header, encode_settled, next_number, scan

TOKEN = "w.00000000"


def make(batches, settled=()):
    """Return a segment with *batches* of (records, body), and where each batch begins."""
    data, number, starts, numbers = encode_header(1, TOKEN, 1_700_000_000), 1, [], []
    for records, body in batches:
        starts.append(len(data))
        numbers.append(number)
        data += encode_batch(number, records, None, body)[0]
        number = next_number(number, records)
    for index in settled:
        data += encode_settled(numbers[index], batches[index][0])
    return data, [*starts, len(data)]


def bodies(data, found):
    return [data[batch.offset : batch.offset + batch.length] for batch in found.waiting]


BATCHES = [(3, b"three"), (1, b"one"), (2, b"two" * 100)]


def test_what_was_written_is_read():
    """Batches come back in order, with what is known of them."""
    data, _ = make(BATCHES)
    found = scan(data)

    assert bodies(data, found) == [b"three", b"one", b"two" * 100]
    assert [batch.records for batch in found.waiting] == [3, 1, 2]
    assert (found.missing, found.cut_at, found.is_damaged, found.is_empty) == ([], None, False, False)
    assert (found.header.version, found.header.began, found.header.number) == (1, 1_700_000_000, 1)


def test_what_is_settled_does_not_wait():
    """A settled batch is passed over, and is not missing either."""
    data, _ = make(BATCHES, settled=[0, 2])
    found = scan(data)

    assert (bodies(data, found), found.missing) == ([b"one"], [])


def test_a_torn_tail_is_cut_cleanly():
    """Wherever a write was cut short, what is before it is intact, and the file is not called damaged."""
    data, starts = make(BATCHES)
    for length in range(starts[2], len(data)):
        found = scan(data[:length])

        assert bodies(data, found) == [b"three", b"one"]
        assert not found.is_damaged
        assert found.cut_at == (starts[2] if length > starts[2] else None)


def test_a_flipped_bit_costs_its_batch_alone():
    """One bit, anywhere behind the header: at most that one batch is lost, and it is counted or, at the end, seen."""
    data, starts = make(BATCHES)
    for at in range(HEADER_BYTES, len(data)):
        flipped = data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]
        found = scan(flipped)

        hit = max(index for index in range(3) if starts[index] <= at)
        assert bodies(flipped, found) == [body for index, (_, body) in enumerate(BATCHES) if index != hit]
        counted = sum(records for _, records in found.missing)
        # Of a damaged head at the very end nothing is known but that it is there.
        assert counted == BATCHES[hit][0] or (hit == 2 and counted == 0)
        assert found.is_damaged or (found.cut_at is not None and hit == 2)


def test_a_damaged_header_costs_nothing():
    """Without a header all batches are found."""
    data, _ = make(BATCHES)
    for at in range(HEADER_BYTES):
        flipped = data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]
        found = scan(flipped)

        assert found.header is None
        assert len(found.waiting) == 3


def test_one_record_settles_a_run_of_numbers():
    """What says that a batch is settled may speak for all that have their numbers in it; those around it wait."""
    data = encode_header(1, "w", 0)
    for number in range(1, 8):
        data += encode_batch(number, 1, None, b"%d" % number)[0]
    found = scan(data + encode_settled(2, 3) + encode_settled(6, 1))

    assert [batch.number for batch in found.waiting] == [1, 5, 7]
    assert (found.missing, found.is_damaged) == ([], False)


def test_a_zeroed_block_costs_what_was_in_it():
    """Batches in front of and behind the hole are found; those in it are counted."""
    data, starts = make([(2, b"x" * 50)] * 20)
    holed = data[: starts[5]] + bytes(starts[9] - starts[5]) + data[starts[9] :]
    found = scan(holed)

    assert (len(found.waiting), found.missing) == (16, [(11, 8)])


def test_a_batch_behind_one_cut_short_is_found():
    """Half a batch in the middle hides nothing."""
    data, starts = make(BATCHES)
    torn = data[: starts[1] + 38] + data[starts[2] :]
    found = scan(torn)

    assert (bodies(torn, found), found.missing, found.is_damaged) == ([b"three", b"two" * 100], [(4, 1)], True)


def test_a_newer_version_is_left_unread():
    """A later version of ours is known as such."""
    data, _ = make(BATCHES)
    later = bytearray(data)
    later[8] = 9
    later[HEADER_BYTES - 4 : HEADER_BYTES] = __import__("zlib").crc32(later[: HEADER_BYTES - 4]).to_bytes(4, "little")
    found = scan(bytes(later))

    assert (found.is_newer, found.waiting) == (True, [])


def test_an_empty_file_is_empty():
    """Nothing, or a beginning of nothing, is not damage."""
    for data in (b"", encode_header(1, TOKEN, 0)[:10], encode_header(1, TOKEN, 0)):
        found = scan(data)

        assert (found.is_empty, found.is_damaged) == (True, False)


@given(st.binary(max_size=2000))
def test_garbage_is_read_as_nothing(data):
    """No bytes make the reader fail or invent something."""
    found = scan(data)

    assert (found.waiting, found.missing) == ([], [])


@given(st.data())
def test_no_damage_makes_the_reader_invent(data):
    """Cut, doubled, holed and shuffled segments give batches that were written, or none."""
    original, _ = make(BATCHES, settled=[1])
    mangled = bytearray(original)
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(mangled)))
        end = data.draw(st.integers(start, min(len(mangled), start + 200)))
        mangled[start:end] = data.draw(st.sampled_from([b"", bytes(end - start), bytes(mangled[start:end]) * 2]))
    found = scan(bytes(mangled))

    assert set(bodies(bytes(mangled), found)) <= {body for _, body in BATCHES}

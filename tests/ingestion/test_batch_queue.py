"""The queue between readers and writer: bounded, and nobody waits in it for ever."""

import threading

import pytest

from ingestion.batch_queue import BatchQueue
from ingestion.http.pacing import Stopped

PATIENCE = 30


def test_what_readers_put_comes_out_until_the_last_of_them_is_done() -> None:
    queue: BatchQueue[int] = BatchQueue(size=10, readers=2)
    queue.put(1)
    queue.done()
    queue.put(2)
    queue.done()
    assert list(queue) == [1, 2]


def test_it_never_holds_more_than_its_size() -> None:
    queue: BatchQueue[int] = BatchQueue(size=3, readers=4)
    ahead: list[int] = []
    taken = 0

    def read() -> None:
        for number in range(50):
            queue.put(number)
            ahead.append(len(queue))
        queue.done()

    readers = [threading.Thread(target=read, daemon=True) for _ in range(4)]
    for reader in readers:
        reader.start()
    for _ in queue:
        taken += 1
    assert taken == 200
    assert max(ahead) <= 3


def test_a_reader_that_waits_for_room_is_woken_when_nobody_takes_any_more() -> None:
    queue: BatchQueue[int] = BatchQueue(size=1, readers=1)
    queue.put(1)
    ended: list[type[BaseException]] = []

    def read() -> None:
        try:
            queue.put(2)
        except Stopped as stopped:
            ended.append(type(stopped))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    queue.close()
    reader.join(PATIENCE)
    assert ended == [Stopped]
    with pytest.raises(Stopped):
        queue.put(3)


def test_a_writer_that_waits_is_woken_when_it_is_closed() -> None:
    queue: BatchQueue[int] = BatchQueue(size=1, readers=1)
    taken: list[int] = []
    writer = threading.Thread(target=lambda: taken.extend(queue), daemon=True)
    writer.start()
    queue.close()
    writer.join(PATIENCE)
    assert not writer.is_alive()
    assert taken == []

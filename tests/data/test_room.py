import threading
import time

import pytest

from synthetyk.data.room import PixelRoom


def until(found):
    deadline = time.monotonic() + 20
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Holder:
    """A thread that holds room until it is told to leave."""

    def __init__(self, room, pixels):
        self.inside, self._leave = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold, args=(room, pixels))
        self._thread.start()

    def _hold(self, room, pixels):
        with room.hold(pixels):
            self.inside.set()
            self._leave.wait(20)

    def leave(self):
        self._leave.set()
        self._thread.join()


def test_images_that_have_room_together_are_decoded_together():
    room = PixelRoom(100)
    first, second = Holder(room, 60), Holder(room, 40)
    until(lambda: first.inside.is_set() and second.inside.is_set())
    first.leave()
    second.leave()


def test_who_finds_too_little_room_waits_and_is_not_overtaken():
    room = PixelRoom(100)
    first = Holder(room, 60)
    until(first.inside.is_set)
    large = Holder(room, 100)
    until(room._turn.locked)
    small = Holder(room, 1)
    assert not large.inside.wait(0.05)
    assert not small.inside.is_set()
    first.leave()
    until(large.inside.is_set)
    assert not small.inside.wait(0.05)
    large.leave()
    until(small.inside.is_set)
    small.leave()


def test_an_image_that_is_larger_than_all_room_gets_all_of_it():
    room = PixelRoom(100)
    for _ in range(2):
        with room.hold(1000):
            assert room._free == 0
    assert room._free == 100


def test_what_fails_leaves_its_room():
    room = PixelRoom(100)
    with pytest.raises(ValueError, match="damaged"), room.hold(70):
        raise ValueError("damaged")
    assert room._free == 100

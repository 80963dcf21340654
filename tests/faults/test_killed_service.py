"""Kill -9 a service at random moments while images come in: none that it has acknowledged is lost, none is damaged."""

import os
import random
import signal
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest
from tests.service.served import served

from synthetyk.store.copy import every_image
from synthetyk.store.open import open_store
from synthetyk.store.record import image_id

KILLS = int(os.environ.get("SYNTHETYK_KILLS", "2"))
CLIENTS = 4
LARGE_EVERY = 10  # one image of so many takes several pieces in any store


def image_of(number, random_bytes=os.urandom):
    """Return a BMP that nobody else has: 32 x 32, or 512 x 512 now and then."""
    side = 512 if number % LARGE_EVERY == 0 else 32
    header = struct.pack(
        "<2sIHHIIiiHHIIiiII", b"BM", 54 + 3 * side * side, 0, 0, 54, *(40, side, side, 1, 24), *[0] * 6
    )
    return header + random_bytes(3 * side * side)


def upload(address, number, acknowledged, end):
    """Store images until the server is gone, and keep the id and length of each that it has acknowledged."""
    with httpx.Client(base_url=address, timeout=60) as client:
        while not end.is_set():
            data = image_of(number)
            try:
                answer = client.post("/v1/images", content=data)
            except httpx.TransportError:
                return
            assert answer.status_code == 201, answer.text
            assert answer.json()["id"] == image_id(data)
            acknowledged.append((image_id(data), len(data)))
            number += CLIENTS


def killed_once(folder, url, moment):
    """Serve, upload from several clients, kill -9 after a moment; return what was acknowledged."""
    acknowledged, end = list[tuple[str, int]](), threading.Event()
    with served(folder, "--store", url) as server, ThreadPoolExecutor(CLIENTS) as pool:
        uploads = [pool.submit(upload, server.address, number, acknowledged, end) for number in range(CLIENTS)]
        try:
            deadline = time.monotonic() + 60
            while len(acknowledged) < CLIENTS and time.monotonic() < deadline:  # it has begun
                time.sleep(0.01)
            time.sleep(moment)
            server.process.send_signal(signal.SIGKILL)
        finally:
            end.set()
        for each in uploads:
            each.result()
    return acknowledged


def check(folder, url):
    """Kill a service several times; every acknowledged image is there as it was, and every listed one is whole."""
    moments, acknowledged = random.Random(0), list[tuple[str, int]]()
    for _ in range(KILLS):
        acknowledged += killed_once(folder, url, moments.uniform(0.05, 0.8))
    with closing(open_store(url)) as store:
        assert len(acknowledged) >= KILLS * CLIENTS
        for image, size in acknowledged:
            assert len(store.read(image)) == size  # read() compares the bytes with their id
        listed = [record.id for record in every_image(store)]
        assert len(listed) == len(set(listed))
        assert set(listed) >= {image for image, _ in acknowledged}
        for image in listed:
            store.read(image)
    print(f"{KILLS} times killed: {len(acknowledged)} acknowledged, {len(listed)} listed, 0 lost, 0 damaged")
    with served(folder, "--store", url) as server:  # and the service hands them out again
        image, size = acknowledged[-1]
        assert len(httpx.get(f"{server.address}/v1/images/{image}/content").content) == size


def test_no_image_in_a_file_is_lost_when_the_service_is_killed(tmp_path):
    check(tmp_path / "here", f"sqlite:///{tmp_path}/images.db")


@pytest.mark.xdist_group("cassandra")
def test_no_image_in_cassandra_is_lost_when_the_service_is_killed(tmp_path, cassandra):
    with cassandra.keyspace() as url:
        check(tmp_path / "here", url)

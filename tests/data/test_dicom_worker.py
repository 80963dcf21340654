import io
import resource
import subprocess
import sys

import numpy as np
import pytest

from synthetyk.data import dicom_worker
from synthetyk.data.dicom_protocol import MAX_JSON, read_message, write_message
from synthetyk.data.dicom_worker import Worker, allow_cpu, limit_memory, serve

LOAD = {"do": "load", "max_pixels": 1000, "salt": ""}


@pytest.fixture
def limits(monkeypatch):
    """Return what would be set: the test's own process keeps its limits."""
    found = {}
    monkeypatch.setattr(dicom_worker.resource, "setrlimit", lambda which, values: found.update({which: values}))
    return found


def test_messages_come_back_as_they_were_sent():
    stream = io.BytesIO()
    write_message(stream, {"a": [1, "é"]}, b"\0\1")
    stream.seek(0)
    assert read_message(stream, max_payload=2) == ({"a": [1, "é"]}, b"\0\1")


@pytest.mark.parametrize("cut", [0, 3, 14])
def test_a_cut_message_is_the_end(cut):
    stream = io.BytesIO()
    write_message(stream, {"a": 1}, b"xyz")
    with pytest.raises(EOFError):
        read_message(io.BytesIO(stream.getvalue()[:cut]), max_payload=3)


@pytest.mark.parametrize(
    ("values", "payload", "limit"), [({"a": 1}, b"xyz", 2), ({"a": "x" * MAX_JSON}, b"", 9), ([1], b"", 9)]
)
def test_a_message_beyond_the_protocol_is_refused(values, payload, limit):
    stream = io.BytesIO()
    write_message(stream, values, payload)
    stream.seek(0)
    with pytest.raises(ValueError, match="a message is"):
        read_message(stream, max_payload=limit)


def test_a_file_is_loaded_and_its_frames_are_answered(make_dicom):
    worker = Worker()
    colour = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    assert worker.answer(LOAD, make_dicom(colour)) == ({"frames": 1, "patient": ""}, b"")
    answer, payload = worker.answer({"do": "frame", "index": 0}, b"")
    assert (tuple(answer["shape"]), answer["mode"], payload) == ((2, 3, 3), "DICOM RGB", colour.tobytes())


def test_a_frame_of_no_file_is_an_answer_too():
    assert Worker().answer({"do": "frame", "index": 0}, b"")[0]["error"] == "damaged"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), "hostile_dicom"),
        (RecursionError(), "hostile_dicom"),
        (NotImplementedError("Secret^Name"), "unsupported"),
        (ValueError("Secret^Name"), "damaged"),
    ],
)
def test_every_error_is_answered_without_its_text(monkeypatch, error, kind):
    def fail(*_args, **_options):
        raise error

    monkeypatch.setattr(dicom_worker, "parse", fail)
    answer, _ = Worker().answer(LOAD, b"")
    assert answer["error"] == kind
    assert "Secret" not in str(answer)


def test_serving_says_hello_answers_each_request_and_ends_with_its_input(make_dicom):
    source, sink, allowed = io.BytesIO(), io.BytesIO(), []
    write_message(source, LOAD, make_dicom(np.zeros((2, 2), np.uint8)))
    write_message(source, {"do": "frame", "index": 0})
    source.seek(0)
    serve(source, sink, lambda: allowed.append(1))
    sink.seek(0)
    answers = [read_message(sink, max_payload=100)[0] for _ in range(3)]
    assert [next(iter(answer)) for answer in answers] == ["ready", "frames", "shape"]
    assert len(allowed) == 2


def test_memory_is_limited_and_no_core_is_left(limits):
    limit_memory(10)
    assert limits[resource.RLIMIT_AS][0] == 10 * 2**20
    assert limits[resource.RLIMIT_CORE][0] == 0


def test_cpu_time_is_allowed_on_top_of_what_is_used(limits, monkeypatch):
    allow_cpu(5)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    assert used + 4 < limits[resource.RLIMIT_CPU][0]
    monkeypatch.setattr(dicom_worker.resource, "getrlimit", lambda which: (1, 3))
    allow_cpu(5)
    assert limits[resource.RLIMIT_CPU] == (3, 3)


def test_the_worker_needs_no_torch():
    code = "import sys, synthetyk.data.dicom_worker as w; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_worker_ends_when_its_input_does():
    command = [sys.executable, "-m", "synthetyk.data.dicom_worker", "1536", "30"]
    done = subprocess.run(command, input=b"", capture_output=True, check=True, timeout=30)
    assert read_message(io.BytesIO(done.stdout), max_payload=0) == ({"ready": True}, b"")

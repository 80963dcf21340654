import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthetyk.core.errors import DatasetError, DecodeError, ImageTooLargeError
from synthetyk.data import dicom
from synthetyk.data.dicom import DicomLimits, DicomReader, read_dicom, shared_reader

RAMP = np.arange(16, dtype=np.uint8).reshape(4, 4) * 17


@pytest.fixture(scope="module")
def reader():
    made = DicomReader()
    yield made
    made.close()


def refusal(data, reader=None):
    with pytest.raises(DecodeError) as caught:
        (reader or shared_reader()).frame(data)
    return caught.value


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_bytes_and_paths_give_the_same_frames(tmp_path, make_dicom):
    data = make_dicom(RAMP, PixelData=RAMP.tobytes() + (255 - RAMP).tobytes(), NumberOfFrames=2)
    path = tmp_path / "any name"
    path.write_bytes(data)
    frames = read_dicom(data)
    np.testing.assert_array_equal([frame.pixels[..., 0] for frame in frames], [RAMP, 255 - RAMP])
    np.testing.assert_array_equal(frames[1].pixels, read_dicom(path)[1].pixels)


def test_one_worker_reads_many_files_and_parses_each_once(reader, make_dicom, monkeypatch):
    asked = []
    ask = reader._ask
    monkeypatch.setattr(reader, "_ask", lambda request, *a, **o: asked.append(request["do"]) or ask(request, *a, **o))
    two = make_dicom(RAMP, PixelData=RAMP.tobytes() * 2, NumberOfFrames=2)
    for index in (0, 1):
        reader.frame(two, index)
    pid = reader._process.pid
    reader.frame(make_dicom(RAMP))
    assert asked == ["load", "frame", "frame", "load", "frame"]
    assert reader._process.pid == pid


def test_a_file_that_changes_on_disk_is_parsed_again(tmp_path, reader, make_dicom):
    path = tmp_path / "a.dcm"
    path.write_bytes(make_dicom(RAMP))
    assert reader.load(path).frames == 1
    path.write_bytes(make_dicom(RAMP, PixelData=RAMP.tobytes() * 3, NumberOfFrames=3))
    assert reader.load(path).frames == 3


def test_equal_patients_are_equal_and_their_ids_are_not_told(reader, make_dicom):
    patients = [reader.load(make_dicom(RAMP, PatientID=value)).patient for value in ("P1", "P2", "P1", "")]
    assert patients[0] == patients[2] != patients[1]
    assert patients[3] is None
    assert "P1" not in patients[0]
    assert DicomReader()._salt != reader._salt


def test_the_parent_goes_on_after_every_hostile_file(reader, make_dicom, deflated_bomb, nested):
    for data in (deflated_bomb, nested(330), nested(330, undefined_length=False), nested(20_000)):
        assert refusal(data, reader).kind == "hostile_dicom"
        np.testing.assert_array_equal(reader.frame(make_dicom(RAMP)).pixels[..., 0], RAMP)


@pytest.mark.parametrize(
    ("data", "kind"), [(b"", "empty"), (b"\x89PNG\r\n\x1a\n" + bytes(200), "not_an_image"), (b"DICM", "not_an_image")]
)
def test_what_is_no_dicom_never_reaches_the_worker(data, kind):
    reader = DicomReader()
    assert refusal(data, reader).kind == kind
    assert reader._process is None


def test_a_missing_file_is_reported(tmp_path):
    assert refusal(tmp_path / "gone.dcm").kind == "missing_file"


def test_a_file_beyond_the_limit_is_too_large(monkeypatch, make_dicom):
    monkeypatch.setattr(dicom, "MAX_FILE", 100)
    assert isinstance(refusal(make_dicom(RAMP)), ImageTooLargeError)


def test_refusals_keep_their_kind_and_tell_no_patient(make_dicom):
    without = refusal(make_dicom(None, PatientID="SECRET7"))
    assert without.kind == "no_pixels"
    with pytest.raises(ImageTooLargeError) as large:
        read_dicom(make_dicom(RAMP, PatientID="SECRET7"), max_pixels=3)
    for error in (without, large.value):
        assert "SECRET7" not in str(error)
        assert "Secret^Name" not in str(error)


def test_a_frame_that_is_not_there_is_refused(make_dicom):
    with pytest.raises(DecodeError, match="no frame 1"):
        shared_reader().frame(make_dicom(RAMP), 1)


def test_a_worker_that_dies_is_replaced(reader, make_dicom):
    data = make_dicom(RAMP)
    reader.load(data)
    os.kill(reader._process.pid, signal.SIGKILL)
    reader._process.wait()
    assert reader.frame(data).pixels.shape == (4, 4, 1)


def test_too_little_memory_is_the_files_fault_and_survived(make_dicom):
    big = make_dicom(np.zeros((3000, 3000), np.uint16))
    small = DicomReader(DicomLimits(memory_mb=240))
    try:
        assert refusal(big, small).kind == "hostile_dicom"
        assert small.frame(make_dicom(RAMP)).pixels.shape == (4, 4, 1)
    finally:
        small.close()


def test_a_worker_that_stalls_is_ended(make_dicom):
    reader = DicomReader(DicomLimits(wall_seconds=0.3))
    try:
        os.kill(reader._worker().pid, signal.SIGSTOP)
        error = refusal(make_dicom(RAMP), reader)
        assert error.kind == "hostile_dicom"
        assert "SIGKILL" in str(error)
    finally:
        reader.close()


def test_an_interrupted_question_leaves_no_answer_for_the_next(monkeypatch, make_dicom):
    reader = DicomReader()

    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    reader.load(make_dicom(RAMP))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(dicom, "read_message", interrupt)
        reader.load(make_dicom(255 - RAMP))
    np.testing.assert_array_equal(reader.frame(make_dicom(RAMP)).pixels[..., 0], RAMP)
    reader.close()


def test_an_image_that_contradicts_itself_is_hostile():
    with pytest.raises(DecodeError, match="contradicts"):
        dicom._image({"shape": [2, 2, 1], "bits": 8, "mode": "x"}, b"12345")


def test_a_worker_that_cannot_start_is_no_fault_of_the_file(monkeypatch, make_dicom):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(DatasetError, match="did not start") as caught:
        DicomReader().load(make_dicom(RAMP))
    assert not isinstance(caught.value, DecodeError)


def test_closing_ends_the_worker(make_dicom):
    reader = DicomReader()
    reader.load(make_dicom(RAMP))
    pid = reader._process.pid
    reader.close()
    assert not alive(pid)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_the_worker_dies_with_its_parent():
    code = (
        "from synthetyk.data.dicom import DicomReader\n"
        "import os, signal\n"
        "print(DicomReader()._worker().pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30)
    pid = int(done.stdout)
    deadline = time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(pid)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(st.tuples(st.integers(0, 2**12), st.integers(0, 255)), min_size=1, max_size=8),
    kept=st.floats(0.2, 1.0),
)
def test_mutated_files_give_nothing_but_decode_errors(make_dicom, changes, kept):
    data = bytearray(make_dicom(RAMP, PatientID="SECRET7", WindowCenter=50, WindowWidth=100))
    for position, value in changes:
        data[132 + position % (len(data) - 132)] = value
    try:
        read_dicom(bytes(data[: max(140, int(len(data) * kept))]))
    except DecodeError as error:
        assert "SECRET7" not in str(error)


def test_all_real_files_are_read(real_data):
    shapes = {path.name: read_dicom(path)[0].pixels.shape for path in sorted(real_data("dicom").glob("*.dcm"))}
    assert shapes["CT_small.dcm"] == (128, 128, 1)
    assert shapes["examples_palette.dcm"] == (350, 800, 3)
    assert len(shapes) == 10


def test_three_compressions_of_one_real_image_agree(real_data):
    folder = real_data("dicom")
    plain, rle, jpeg_ls = (
        read_dicom(folder / name)[0].pixels
        for name in ("MR_small.dcm", "MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm")
    )
    np.testing.assert_array_equal(plain, rle)
    np.testing.assert_array_equal(plain, jpeg_ls)


def test_every_frame_of_a_real_cine_is_read(real_data):
    frames = read_dicom(real_data("dicom") / "examples_ybr_color.dcm")
    assert len(frames) == 30
    assert {frame.mode for frame in frames} == {"DICOM YBR_FULL_422"}

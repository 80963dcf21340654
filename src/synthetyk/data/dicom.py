"""DICOM from the parent's side: one long-lived worker process parses, this side lives on whatever a file does to it."""

import atexit
import os
import secrets
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from synthetyk.core.config import Config
from synthetyk.core.errors import DatasetError, DecodeError, ImageTooLargeError
from synthetyk.data.decode import MAX_PIXELS
from synthetyk.data.dicom_protocol import MAX_FILE, read_message, write_message
from synthetyk.data.source import RawImage

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


class DicomLimits(Config):
    """What one DICOM file may cost.

    Attributes:
        memory_mb: Address space of the worker, MiB.
        cpu_seconds: CPU time of one request.
        wall_seconds: Time that one request may take.
    """

    memory_mb: int = 1536
    cpu_seconds: float = 30.0
    wall_seconds: float = 60.0


@dataclass(frozen=True)
class DicomInfo:
    """What a DICOM file says before its pixels are decoded.

    Attributes:
        frames: How many images it holds.
        patient: Hash of the patient's ID, or None. Its salt is drawn by each process and kept to itself: equal
            hashes are one patient, and no hash can be traced back by trying all IDs.
    """

    frames: int
    patient: str | None


class DicomReader:
    """Reads DICOM through a worker process, which is started when first needed and again when it died.

    Safe to use from several threads; a forked process gets a worker of its own.
    """

    def __init__(self, limits: DicomLimits | None = None) -> None:
        self.limits = limits or DicomLimits()
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._salt = secrets.token_hex()
        self._loaded: object = None
        self._info = DicomInfo(0, None)

    def load(self, source: bytes | Path, *, max_pixels: int = MAX_PIXELS) -> DicomInfo:
        """Parse a file; the one loaded last is not parsed again.

        Raises:
            ImageTooLargeError: More than `max_pixels` a frame, 10,000 frames or 512 MiB.
            DecodeError: `kind` is ``empty``, ``not_an_image``, ``no_pixels``, ``truncated``, ``damaged``,
                ``unsupported``, ``missing_file`` or ``hostile_dicom``.
        """
        with self._lock:
            identity = (_identity(source), max_pixels)
            if identity != self._loaded or not self._alive():
                self._loaded = None
                request = {"do": "load", "max_pixels": max_pixels, "salt": self._salt}
                answer, _ = self._ask(request, _content(source))
                self._info = DicomInfo(int(answer["frames"]), str(answer["patient"]) or None)
                self._loaded = identity
            return self._info

    def frame(self, source: bytes | Path, index: int = 0, *, max_pixels: int = MAX_PIXELS) -> RawImage:
        """Decode one frame as uint8 ``(H, W, 1 or 3)``; errors as in `load`."""
        with self._lock:
            info = self.load(source, max_pixels=max_pixels)
            if not 0 <= index < info.frames:
                raise DecodeError(f"There is no frame {index}", expected=f"0 to {info.frames - 1}")
            answer, payload = self._ask({"do": "frame", "index": index}, max_payload=3 * max_pixels)
            return _image(answer, payload)

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            process, self._process, self._loaded = self._process, None, None
            if process is None or self._owner != os.getpid():
                return
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what could not be sent any more
                    cast(Any, pipe).close()

    def _ask(self, request: dict[str, Any], data: bytes = b"", *, max_payload: int = 0) -> tuple[dict[str, Any], bytes]:
        """Send one request and return its answer; a worker that dies or stalls is taken as the file's doing."""
        process = self._worker()
        timer = threading.Timer(self.limits.wall_seconds, process.kill)
        timer.start()
        try:
            write_message(cast(Any, process.stdin), request, data)
            answer, payload = read_message(cast(Any, process.stdout), max_payload=max_payload)
        except (OSError, EOFError, ValueError) as error:
            raise self._died(process) from error
        except BaseException:  # Ctrl-C: the answer that is still to come must not meet the next question
            self.close()
            raise
        finally:
            timer.cancel()
        if "error" in answer:
            raise _refused(answer)
        return answer, payload

    def _alive(self) -> bool:
        return self._process is not None and self._owner == os.getpid() and self._process.poll() is None

    def _worker(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._alive():
            return self._process
        self.close()
        limits = (str(self.limits.memory_mb), str(self.limits.cpu_seconds))
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "synthetyk.data.dicom_worker", *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # pydicom's warnings quote patient values
            env={**os.environ, **_ONE_THREAD},
            start_new_session=True,  # Ctrl-C is the parent's to deal with
        )
        self._process, self._owner = process, os.getpid()
        try:
            read_message(cast(Any, process.stdout), max_payload=0)
        except (EOFError, ValueError) as error:
            self.close()
            raise DatasetError(
                "The process that reads DICOM did not start",
                action="Try: python -m synthetyk.data.dicom_worker 1536 30 (it should wait for input)",
            ) from error
        return process

    def _died(self, process: "subprocess.Popen[bytes]") -> DecodeError:
        self.close()
        code = process.returncode
        how = f"by signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"with exit code {code}"
        return DecodeError(
            f"The DICOM file brought the process that reads it down ({how}), beyond {self.limits.memory_mb} MiB of "
            f"memory, {self.limits.cpu_seconds:g} CPU seconds, {self.limits.wall_seconds:g} seconds or its stack",
            kind="hostile_dicom",
        )


def _identity(source: bytes | Path) -> object:
    """Return what tells that a file is still the one that is loaded."""
    if isinstance(source, bytes):
        return source
    try:
        stat = source.stat()
    except OSError as error:
        raise DecodeError("The DICOM file cannot be read", kind="missing_file") from error
    return source, stat.st_mtime_ns, stat.st_size


def _content(source: bytes | Path) -> bytes:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > MAX_FILE:
        raise ImageTooLargeError(f"The DICOM file has {size:,} bytes", expected=f"at most {MAX_FILE:,}")
    data = source if isinstance(source, bytes) else source.read_bytes()
    if not data:
        raise DecodeError("The file is empty", expected="a DICOM file", kind="empty")
    if data[128:132] != b"DICM":
        raise DecodeError("The content is no DICOM file", kind="not_an_image")
    return data


def _refused(answer: dict[str, Any]) -> DecodeError:
    make = ImageTooLargeError if answer["error"] == "too_large" else DecodeError
    found, expected, action = (str(answer.get(part, "")) for part in ("found", "expected", "action"))
    return make(found, expected=expected, action=action, kind=str(answer["error"]))


def _image(answer: dict[str, Any], payload: bytes) -> RawImage:
    """Check what the worker sent: it has read a file from anywhere."""
    height, width, channels = (int(n) for n in answer["shape"])
    if channels not in (1, 3) or height * width * channels != len(payload):
        raise DecodeError("The DICOM worker sent an image that contradicts itself", kind="hostile_dicom")
    pixels = np.frombuffer(payload, np.uint8).reshape(height, width, channels)
    return RawImage(pixels, int(answer["bits"]), str(answer["mode"])[:64])


_READER = DicomReader()
atexit.register(_READER.close)


def shared_reader() -> DicomReader:
    """Return this process's reader; its worker starts when first needed and ends with the process."""
    return _READER


def read_dicom(source: bytes | Path, *, max_pixels: int = MAX_PIXELS) -> list[RawImage]:
    """Read every frame of a DICOM file, given as bytes or by path.

    Each is as a viewer would show it: rescale, first VOI window (min to max of the frame if there is none),
    MONOCHROME1 inverted, palette and YBR as RGB.

    Returns:
        uint8 ``(H, W, 1)`` or ``(H, W, 3)`` each, `mode` such as ``DICOM MONOCHROME2``.

    Raises:
        DecodeError: As in `DicomReader.load`. The caller's process survives any file.
    """
    info = _READER.load(source, max_pixels=max_pixels)
    return [_READER.frame(source, index, max_pixels=max_pixels) for index in range(info.frames)]

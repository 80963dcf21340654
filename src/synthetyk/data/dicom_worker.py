"""The process that parses DICOM under limits: ``python -m synthetyk.data.dicom_worker MEMORY_MB CPU_SECONDS``.

It reads requests from its standard input and answers on its standard output, file after file, until its input ends,
which it does when the parent goes. What it cannot survive (a stack overflow, the CPU limit) the parent survives.
"""

import math
import resource
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from synthetyk.core.errors import DecodeError
from synthetyk.data.dicom_pixels import DicomFile, parse, read_frame
from synthetyk.data.dicom_protocol import MAX_FILE, read_message, write_message

HOSTILE = "hostile_dicom"


class Worker:
    """Answers requests about the file that was loaded last."""

    def __init__(self) -> None:
        self.file: DicomFile | None = None

    def answer(self, request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        """Return the answer to one request; whatever goes wrong becomes an answer too."""
        try:
            return self._load(request, data) if request["do"] == "load" else self._frame(request)
        except DecodeError as error:
            return _refusal(error.kind, error.found, error.expected, error.action), b""
        except (MemoryError, RecursionError):
            self.file = None
            return _refusal(HOSTILE, "The DICOM file needs more memory or nests deeper than any honest one"), b""
        except (NotImplementedError, RuntimeError):  # what pydicom raises without a decoder for the compression
            return _refusal("unsupported", "The DICOM file's compression or kind of pixels cannot be decoded"), b""
        except Exception as error:  # the type only: the text may quote a patient
            return _refusal("damaged", f"The DICOM file is damaged ({type(error).__name__})"), b""

    def _load(self, request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        self.file = None
        self.file = parse(data, max_pixels=int(request["max_pixels"]), salt=str(request["salt"]))
        return {"frames": self.file.frames, "patient": self.file.patient}, b""

    def _frame(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        if self.file is None:
            raise DecodeError("No DICOM file is loaded")
        image = read_frame(self.file, int(request["index"]))
        return {"shape": image.pixels.shape, "bits": image.bit_depth, "mode": image.mode}, image.pixels.tobytes()


def _refusal(kind: str, found: str, expected: str = "", action: str = "") -> dict[str, Any]:
    return {"error": kind, "found": found, "expected": expected, "action": action}


def serve(source: BinaryIO, sink: BinaryIO, before_each: Callable[[], None]) -> None:
    """Say hello, then answer requests until the input ends."""
    worker = Worker()
    write_message(sink, {"ready": True})
    while True:
        try:
            request, data = read_message(source, max_payload=MAX_FILE)
        except EOFError:
            return
        before_each()
        write_message(sink, *worker.answer(request, data))


def limit_memory(megabytes: int) -> None:
    """Limit this process's address space, and leave no core file with a patient in it."""
    _lower(resource.RLIMIT_AS, megabytes * 2**20)
    _lower(resource.RLIMIT_CORE, 0)


def allow_cpu(seconds: float) -> None:
    """Let this process live for so much more CPU time; then the system ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + seconds))


def _lower(which: int, value: int) -> None:
    """Set a soft limit, within the hard one."""
    hard = resource.getrlimit(which)[1]
    resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def main() -> None:
    """Serve standard input under the limits of the command line."""
    memory, seconds = int(sys.argv[1]), float(sys.argv[2])
    limit_memory(memory)
    serve(sys.stdin.buffer, sys.stdout.buffer, lambda: allow_cpu(seconds))


if __name__ == "__main__":
    main()

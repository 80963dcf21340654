"""What parent and DICOM worker say to each other: length-prefixed frames of JSON and bytes, nothing that executes.

A message is two little-endian numbers (length of the JSON, uint32; length of the bytes, uint64), a JSON object, bytes.
"""

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

_LENGTHS = struct.Struct("<IQ")
MAX_JSON = 65_536
MAX_FILE = 512 * 2**20


def write_message(stream: BinaryIO, values: Mapping[str, Any], payload: bytes | memoryview = b"") -> None:
    """Send one message."""
    text = json.dumps(values).encode()
    stream.write(_LENGTHS.pack(len(text), len(payload)) + text)
    stream.write(payload)
    stream.flush()


def read_message(stream: BinaryIO, *, max_payload: int) -> tuple[dict[str, Any], bytes]:
    """Receive one message.

    Raises:
        EOFError: The other side is gone.
        ValueError: The message breaks the protocol or its limits.
    """
    json_length, payload_length = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    if json_length > MAX_JSON or payload_length > max_payload:
        raise ValueError("a message is longer than allowed")
    values = json.loads(_exactly(stream, json_length))
    if not isinstance(values, dict):
        raise ValueError("a message is no JSON object")
    return values, _exactly(stream, payload_length)


def _exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError("the other side closed the pipe")
    return data

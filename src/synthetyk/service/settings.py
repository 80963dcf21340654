"""Everything that decides how a service runs."""

from pathlib import Path

from pydantic import Field

from synthetyk.core.config import Config
from synthetyk.data.decode import MAX_PIXELS

MIB = 2**20


class ServiceSettings(Config):
    """Everything that decides how a service runs; what is not said has a safe value.

    Attributes:
        host: Address to listen on; another than this machine's own asks for API keys.
        port: Port to listen on.
        hosts: Names that requests may be for; empty: any, or this machine's own where it alone may ask.
        workers: Processes that answer.
        threads: CPU threads of each model in each process.
        max_body: Bytes that a request may have.
        max_pixels: Pixels that an uploaded image may say in its header that it has.
        queue: Requests that may wait for the store, or to be decoded, before others are told to come back later.
        model_queue: Requests that may be at a network, waiting or computed, before others are told to come back later;
            more would only make everybody wait longer.
        max_batch: Images that one call of a network computes at most; of large images fewer, see `models.batch_of`.
        allow_open: Let anybody who reaches the address ask for anything, without keys.
        keys: JSON file of API keys, as ``synthetyk keys`` writes it; None: nobody is asked for one.
        rate: Requests a minute that each key may make, and each address with none that is known; 0: any number.
        data_root: Folder below which the pages may inspect data sets; None: none.
        runs_root: Folder below which the pages show and start runs; None: none.
        linger_seconds: How long a service that was told to stop still takes requests, saying that it is not ready.
        drain_seconds: What requests in flight are given to end after that.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    hosts: tuple[str, ...] = ()
    workers: int = Field(default=1, ge=1)
    threads: int = Field(default=1, ge=1)
    max_body: int = Field(default=32 * MIB, ge=1024)
    max_pixels: int = Field(default=MAX_PIXELS, ge=1)
    queue: int = Field(default=64, ge=1)
    model_queue: int = Field(default=16, ge=1)
    max_batch: int = Field(default=64, ge=1)
    allow_open: bool = False
    keys: Path | None = None
    rate: int = Field(default=0, ge=0)
    data_root: Path | None = None
    runs_root: Path | None = None
    linger_seconds: float = Field(default=0, ge=0)
    drain_seconds: float = Field(default=20, ge=0)

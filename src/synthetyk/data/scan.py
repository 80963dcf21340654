"""One pass over a data set: decode every image once, keep what is known about it, keep no pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synthetyk.core.errors import DatasetError, DecodeError
from synthetyk.core.progress import Progress, silent
from synthetyk.core.words import printable
from synthetyk.data.digest import pixel_digest
from synthetyk.data.pixels import DepthRule, depth_rule, is_grey, outliers, to_uint8
from synthetyk.data.source import Item, Problem, RawImage, Source

THUMB = 16
BINS = 64
LISTED = 3
CHUNK = 2**20


@dataclass(frozen=True)
class ScannedImage:
    """What one image is like.

    Attributes:
        item: Where it comes from: key, label, official split, group.
        height: Pixels.
        width: Pixels.
        channels: 3 for colour; 1 for grey, also where a file stores grey three times.
        mode: What the file called its pixels.
        bit_depth: Bits that the file declares per sample.
        max_value: Largest value of any sample.
        digest: Hash of the decoded pixels and their shape.
        mean: Mean grey value, in the file's own units.
    """

    item: Item
    height: int
    width: int
    channels: int
    mode: str
    bit_depth: int
    max_value: int
    digest: str
    mean: float


@dataclass
class Levels:
    """How often each value occurs; values beyond 8 bits wait for the rule, which the splits decide.

    Attributes:
        shallow: Per class name (empty for none), counts of the values of uint8 images, int64 ``(256,)``.
        deep: The same of uint16 images, int64 ``(65536,)``.
    """

    shallow: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    deep: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def add(self, label: str, pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
        """Count the samples of one image."""
        kept, values = (self.shallow, 256) if pixels.dtype == np.uint8 else (self.deep, 65536)
        counts = kept.setdefault(label, np.zeros(values, dtype=np.int64))
        samples = pixels.ravel()
        for start in range(0, len(samples), CHUNK):  # bincount makes eight bytes of every sample
            counts += np.bincount(samples[start : start + CHUNK], minlength=values)

    def outliers(self, rule: DepthRule) -> str:
        """Say what a few large values of uint16 images cost all others, if anything."""
        return outliers(np.sum(list(self.deep.values()), axis=0), rule) if self.deep else ""

    def histograms(self, rule: DepthRule) -> dict[str, NDArray[np.int64]]:
        """Return per class name counts of samples in 64 equal bins of 0..255, int64 ``(64,)``."""
        every = np.arange(65536, dtype=np.uint16)[:, None, None]
        mapped = to_uint8(RawImage(every, bit_depth=16, mode="levels"), rule).ravel()
        bins = {label: counts.reshape(BINS, -1).sum(axis=1) for label, counts in self.shallow.items()}
        for label, counts in self.deep.items():
            deep = np.bincount(mapped // (256 // BINS), weights=counts, minlength=BINS).astype(np.int64)
            bins[label] = bins.get(label, np.zeros(BINS, dtype=np.int64)) + deep
        return bins


@dataclass(frozen=True)
class Scan:
    """What the pass over a data set found; arrays and `images` share their order.

    Attributes:
        images: Every image that can be decoded.
        thumbs: Grey 16x16 pictures in the files' own units, float32 ``(N, 16, 16)``.
        problems: What cannot be used, from listing and from decoding.
        levels: How often each value occurs, by class.
    """

    images: tuple[ScannedImage, ...]
    thumbs: NDArray[np.float32]
    problems: tuple[Problem, ...]
    levels: Levels

    @property
    def digests(self) -> NDArray[np.str_]:
        """Digest of each image ``(N,)``."""
        return np.array([image.digest for image in self.images])

    def depth_rule(self, rows: NDArray[np.bool_]) -> DepthRule:
        """Return how values become uint8 by what some images hold; if none of these goes beyond 8 bits, by all.

        Args:
            rows: Which images may decide: those of training, so that nothing is known of test ``(N,)``.
        """
        deep = [(image, chosen) for image, chosen in zip(self.images, rows, strict=True) if image.bit_depth > 8]
        deciding = [image for image, chosen in deep if chosen] or [image for image, _ in deep]
        return depth_rule(
            max((image.max_value for image in deciding), default=0),
            max((image.bit_depth for image in deciding), default=8),
        )


def scan(source: Source, *, progress: Progress = silent) -> Scan:
    """Decode every image of a source once, in its order.

    Raises:
        DatasetError: Not one image can be decoded.
    """
    images: list[ScannedImage] = []
    thumbs: list[NDArray[np.float32]] = []
    problems = list(source.problems())
    levels = Levels()
    items = source.items()
    for done, item in enumerate(items):
        progress(done, len(items), "reading images")
        try:
            raw = source.read(item)
        except DecodeError as error:
            problems.append(Problem(item.key, error.kind, str(error)))
            continue
        if is_grey(raw.pixels):
            raw = replace(raw, pixels=raw.pixels[..., :1])
        thumbs.append(_thumbnail(raw.pixels))
        images.append(_describe(item, raw, float(thumbs[-1].mean(dtype=np.float64))))
        levels.add(images[-1].item.label or "", raw.pixels)
    progress(len(items), len(items), "reading images")
    if not images:
        raise _nothing_usable(problems)
    return Scan(tuple(images), np.stack(thumbs), tuple(problems), levels)


def _nothing_usable(problems: Sequence[Problem]) -> DatasetError:
    first = "; ".join(f"{problem.key}: {problem.message.rstrip('.')}" for problem in problems[:LISTED])
    return DatasetError(
        f"Not one image of the data set can be used ({len(problems)} problems; {first or 'it lists no images'})",
        expected="at least one readable image",
    )


def _describe(item: Item, raw: RawImage, mean: float) -> ScannedImage:
    return ScannedImage(
        # A class may be a folder whose name is no Unicode; from here on its name is written everywhere.
        item=replace(item, label=item.label and printable(item.label)),
        height=raw.pixels.shape[0],
        width=raw.pixels.shape[1],
        channels=raw.pixels.shape[2],
        mode=raw.mode,
        bit_depth=raw.bit_depth,
        max_value=int(raw.pixels.max()),
        digest=pixel_digest(raw.pixels),
        mean=mean,
    )


def _thumbnail(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.float32]:
    """Return the means over a 16x16 grid of boxes; pixels on a border belong to both by their area."""
    if pixels.shape[2] == 1:
        grey = pixels[..., 0]
    elif pixels.dtype == np.uint8:
        grey = np.asarray(Image.fromarray(pixels).convert("L"))
    else:
        grey = pixels.mean(axis=2)
    return _boxes(grey.shape[0]) @ grey.astype(np.float32) @ _boxes(grey.shape[1]).T


@lru_cache(maxsize=64)
def _boxes(length: int) -> NDArray[np.float32]:
    """Return how much of each of `length` pixels lies in each of 16 boxes, rows adding up to 1."""
    edges = np.arange(THUMB + 1)[:, None] * (length / THUMB)
    pixel = np.arange(length)[None, :]
    overlap = np.minimum(edges[1:], pixel + 1) - np.maximum(edges[:-1], pixel)
    weights: NDArray[np.float32] = (np.clip(overlap, 0, None) * (THUMB / length)).astype(np.float32)
    return weights

"""Data and finished jobs that are made up, so that benchmarks can be tested without the work."""

import json

import numpy as np

from synthetyk.data.dataset import Dataset


def few(count=60, side=16):
    """Return images of a dark and a bright class, three of each patient."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % 2
    images = random.integers(0, 80, (count, 1, side, side)) + 120 * labels[:, None, None, None]
    splits = np.array(["train", "train", "train", "val", "test"] * count)[:count]
    rows = np.arange(count)
    return Dataset(images.astype(np.uint8), labels, rows // 3, splits, rows.astype(np.str_), ("a", "b"))


def leave(options, job, result, **arrays):
    """Leave the record of a job and of those that it follows, and arrays in its ``test.npz``."""
    for before in job.after:
        record = before.record(options.work)
        record.parent.mkdir(parents=True, exist_ok=True)
        about = {"call": before.call, "arguments": dict(before.arguments), "after": {}, "result": {}}
        record.write_text(json.dumps(about))
    folder = options.work / job.name
    folder.mkdir(parents=True)
    np.savez(folder / "test.npz", **arrays)
    about = {"date": "2026-01-01", "processor": "p", "code": "c", "result": result}
    job.record(options.work).write_text(json.dumps(job.identity(options.work) | about))

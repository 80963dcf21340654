"""Stands for ``python -m synthetyk``: begins a run folder, owns it, says how far it is, works until stopped."""

import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path


def main(arguments: list[str]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: stop())
    if arguments[0] == "data":
        inspect(arguments[2], Path(arguments[4]))
    elif "broken" in arguments[1]:
        sys.exit(print("Error: The data set is broken. Expected images."))
    elif arguments[1] == "--resume":
        work(Path(arguments[2]), 0)
    else:
        folder = Path(arguments[3])
        config = {"schema": "config/3", "dataset": arguments[1], "budget_seconds": 60.0, "goal": "run", "seed": 3}
        (folder / "config.json").write_text(json.dumps(config))
        work(folder, 60)


def inspect(location: str, folder: Path) -> None:
    if "broken" in location:
        sys.exit(print("Error: Nothing in it is an image."))
    (folder / "fingerprint.json").write_text(Path(__file__).with_name("fingerprint.json").read_text())


def work(folder: Path, seconds: float) -> None:
    with (folder / "run.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        print("fingerprint  1.0 s\n  plan: 40%, about 3 s left. measuring")
        time.sleep(seconds)
        for name in STAGES:
            end = {"schema": "stage/2", "name": name, "status": "done", "seconds": 1.5}
            (folder / "stages").mkdir(exist_ok=True)
            (folder / "stages" / f"{name}.json").write_text(json.dumps(end))
        lock.truncate(0)


def stop() -> None:
    print("Stopped. What was finished is kept: the same command goes on from here.")
    sys.exit(130)


STAGES = (
    *("fingerprint", "plan", "cache", "features", "train", "evaluate", "privacy", "generate", "study", "compress"),
    *("package", "report"),
)

if __name__ == "__main__":
    main(sys.argv[1:])

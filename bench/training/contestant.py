"""What the Python contestants share: the files of a workload, and the loop that answers the bench (see model.cjs)."""
import json
import re
import sys
import time
from pathlib import Path

import numpy as np


def status(name: str) -> float:
    """One number of /proc/self/status, in MiB."""
    return int(re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)[1]) / 1024


class Inputs:
    def __init__(self, folder: str):
        self.folder = Path(folder)
        self.workload = json.loads((self.folder / "workload.json").read_text())
        self.samples, self.batch = self.workload["samples"], self.workload["batch"]
        self.kind, self.optimizer = self.workload["kind"], self.workload["optimizer"]
        shape = (self.samples, *self.workload["input"])
        encoder = self.kind == "encoder"
        self.x = np.fromfile(self.folder / "x.bin", np.int32 if encoder else np.float32).reshape(shape)
        self.mask = np.fromfile(self.folder / "mask.bin", np.int32).reshape(shape) if encoder else None
        self.y = np.fromfile(self.folder / "y.bin", np.int32)
        self.frozen = self.workload.get("frozen", [])

    def weights(self) -> dict:
        """The first weights, by our paths."""
        return {name: np.fromfile(self.folder / f"weights-{index}.bin", np.float32).reshape(shape) for index, (name, shape) in enumerate(self.workload["weights"])}

    def is_frozen(self, layer: str) -> bool:
        return layer in self.frozen


def serve(idle: float, take, epochs) -> None:
    """`take(n)` gives the losses of n steps, `epochs(n, on)` the milliseconds of n epochs."""
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if asked.get("memory"):
            answer = {"idle": idle, "peak": status("VmHWM")}
        elif asked.get("epochs"):
            answer = {"milliseconds": epochs(asked["epochs"], asked.get("on", False))}
        else:
            cpu, start = time.process_time(), time.perf_counter()
            losses = take(asked["steps"])
            elapsed, used = time.perf_counter() - start, time.process_time() - cpu
            answer = {"milliseconds": elapsed / asked["steps"] * 1e3, "cpu": used / asked["steps"] * 1e3, "losses": losses[:20]}
        print(json.dumps(answer), flush=True)

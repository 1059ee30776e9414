#!/usr/bin/env python3
"""Time kernels side by side: what a person waits for, in alternating rounds.

    figures.py --kernels thawbook,tslab,deno,ipykernel --cwd DIR [--rounds 3] [--only session] [--training FILE.ts] --json OUT

DIR is the kernels' working directory; tslab finds @tensorflow/tfjs-node and @types/node there.
Times are milliseconds, sizes MiB; a round gives one value a figure, the JSON holds them all, and under
"faults" why a group of figures is missing.
"""
import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "kernel"))
from endless import LOOPS, WATCHED  # noqa: E402
from kernel_probe import DIALECTS, Kernel, Snippets  # noqa: E402

TF_IMPORT = {"tslab": 'import * as tf from "@tensorflow/tfjs-node";'}
IMPLEMENTATION = {"tslab": "tslab", "deno": "Deno kernel"}


def median(values):
    return statistics.median(list(values))


class Round:
    """One round for one kernel: figures by name, and why one is missing."""

    def __init__(self, kernel, language, cwd, log, training):
        self.kernel, self.typescript, self.training = kernel, language == "typescript", training
        self.S = Snippets("py" if language == "python" else "ts", IMPLEMENTATION.get(kernel, ""), {})
        self.k = Kernel(kernel, cwd, log)
        self.out, self.faults = {}, {}

    def measure(self, only):
        """Each group in a kernel of its own. A peer that fails one keeps the others."""
        for name, group in GROUPS.items():
            if only and name not in only:
                continue
            try:
                launched = self.k.start()
                group(self, launched)
            except Exception as error:
                self.faults[name] = f"{type(error).__name__}: {error}"
            finally:
                self.k.stop()
        return {**self.out, **({"faults": self.faults} if self.faults else {})}

    def launch(self, launched):
        out, k, S = self.out, self.k, self.S
        out["launch to kernel_info"] = launched
        out["memory after start"] = k.rss()
        out["launch to first 1+1"] = launched + k.run(S["trivial"], timeout=60).ms

    def cells(self, _):
        out, k, S = self.out, self.k, self.S
        for _ in range(11):
            k.run(S["trivial"], timeout=60)
        out["1+1"] = median(k.run(S["trivial"], timeout=60).ms for _ in range(40))
        out["class and function"] = median(k.run(S("classfn", n=i)).ms for i in range(20))

    def library(self, _):
        if self.kernel not in ("tslab", "thawbook"):
            return
        out, k, S = self.out, self.k, self.S
        k.run(S["trivial"], timeout=60)
        imported = k.run(TF_IMPORT.get(self.kernel, "tf.version.tfjs"), timeout=90)
        if imported.status != "ok":
            raise RuntimeError(f"tfjs is not imported: {imported.complaint()[:200]}")
        k.settle(2)  # types of the library are still being read
        out["class and function, tf imported"] = median(k.run(S("classfn", n=100 + i)).ms for i in range(20))
        out["completion of tf."] = median(complete(k, f"const edited{i} = {i}\ntf.") for i in range(20))
        if self.training and self.kernel == "thawbook":
            out["completion of tf. while training"] = while_training(k, self.training)

    def session(self, _):
        out, k, S = self.out, self.k, self.S
        k.run(S["trivial"], timeout=60)
        declaring = []
        for i in range(1, 201):
            declaring.append(k.run(S("decl", n=i), timeout=30).ms)
            if i == 10:
                early = k.rss()
        out["declaring cell, 10th"] = median(declaring[4:14])
        out["declaring cell, 200th"] = median(declaring[-10:])
        out["memory after 10 cells"] = early
        out["memory after 200 cells"] = k.rss()
        out["1+1 after 200 cells"] = median(k.run(S["trivial"], timeout=60).ms for _ in range(40))

    def lines(self, _):
        k, S = self.k, self.S
        k.run(S["trivial"], timeout=60)
        cell = k.execute(S["lines"])
        took = k.gather_flood(cell, 60)
        arrived = cell.text("stdout").count("\n")
        if cell.idle is None or arrived < 10_000:
            raise RuntimeError(f"{'no idle' if cell.idle is None else 'idle'}, {arrived} of 10,000 lines")
        self.out["10,000 lines"] = took

    def output(self, _):
        k, S = self.k, self.S
        k.run(S["trivial"], timeout=60)
        k.settle(2)
        before = k.rss()
        cell = k.execute(S("big_stream", t="figures"))
        took = k.gather_flood(cell, 120)
        if cell.idle is None:
            raise RuntimeError("no idle")
        self.out["50 MB of output"] = took
        self.out["50 MB of output, memory growth"] = k.rss() - before

    def interrupts(self, _):
        self.k.run(self.S["trivial"], timeout=60)
        self.out["interrupt of a loop"] = median(interrupt(self.k, self.S["loop"]) for _ in range(3))

    def everywhere(self, _):
        """Ours alone: the peers lose their state, or their process."""
        if self.kernel != "thawbook":
            return
        worst = 0.0
        for watched in WATCHED.values():
            self.k.run(f"{watched}\nvar kept = 123", timeout=60)
            for where, loop in LOOPS.items():
                worst = max(worst, interrupt_where_it_says_go(self.k, loop))
                if self.k.run("kept").shown() != "123":
                    raise RuntimeError(f"the state is lost {where}")
        self.out["interrupt anywhere, worst"] = worst


GROUPS = {name: getattr(Round, name) for name in ("launch", "cells", "library", "session", "lines", "output", "interrupts", "everywhere")}


def complete(k, code):
    """Milliseconds to the reply. Each code differs, as while somebody types; a reply without tfjs' members is no measure."""
    reply = k.request("complete_request", {"code": code, "cursor_pos": len(code)}, timeout=20)
    matches = reply.content["matches"]
    if len(matches) < 400 or not {"tensor", "layers", "train"} <= set(matches):
        raise RuntimeError(f"{len(matches)} completions of tf., {matches[:3]}: not those of tfjs")
    return reply.ms


def while_training(k, training):
    cell = k.execute(Path(training).read_text())
    k.until(lambda m: m.type == "stream" and "training" in m.content["text"], 60)
    times = [complete(k, f"const edited{i} = {i}\ntf.") for i in range(20)]
    k.km.interrupt_kernel()
    k.gather(cell, timeout=30)
    return median(times)


def interrupt(k, loop):
    cell = k.execute(loop)
    k.until(lambda m: m.parent == cell.id and m.type == "execute_input", 10)
    time.sleep(0.3)  # the loop itself gives no sign that it runs
    sent = time.perf_counter()
    k.km.interrupt_kernel()
    k.gather(cell, timeout=20)
    return (cell.reply.at - sent) * 1000


def interrupt_where_it_says_go(k, loop):
    cell = k.execute(loop)
    k.until(lambda m: m.type == "stream" and "go" in m.content["text"], 20)
    sent = time.perf_counter()
    k.km.interrupt_kernel()
    k.gather(cell, timeout=20)
    return (cell.reply.at - sent) * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernels", default="thawbook,tslab,deno,ipykernel")
    parser.add_argument("--cwd", default=os.getcwd())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--training", help="a cell that prints 'training' and trains for a minute")
    parser.add_argument("--only", default="", help=f"groups of figures: {','.join(GROUPS)}")
    parser.add_argument("--json", required=True)
    options = parser.parse_args()
    assert "tslab" in DIALECTS
    kernels = options.kernels.split(",")
    rounds = {kernel: [] for kernel in kernels}
    with open(os.devnull, "ab") as log:
        for i in range(options.rounds):
            for kernel in kernels if i % 2 == 0 else reversed(kernels):
                one = Round(kernel, "python" if kernel == "ipykernel" else "typescript", options.cwd, log, options.training).measure(options.only.split(",") if options.only else [])
                rounds[kernel].append(one)
                print(f"round {i + 1} {kernel}: {json.dumps({n: round(v, 1) if isinstance(v, float) else v for n, v in one.items()})}", flush=True)
    Path(options.json).write_text(json.dumps(rounds, indent=1))


if __name__ == "__main__":
    main()

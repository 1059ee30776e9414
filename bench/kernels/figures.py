#!/usr/bin/env python3
"""Time kernels side by side: what a person waits for, in alternating rounds.

    figures.py --kernels thawbook,tslab,deno,ipykernel --cwd DIR [--rounds 3] [--training FILE.ts] --json OUT

DIR is the kernels' working directory; tslab finds @tensorflow/tfjs-node and @types/node there.
Times are milliseconds, sizes MiB; a round gives one value a figure, the JSON holds them all.
"""
import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from kernel_probe import DIALECTS, Kernel, Snippets  # noqa: E402

TF_IMPORT = {"tslab": 'import * as tf from "@tensorflow/tfjs-node";'}
IMPLEMENTATION = {"tslab": "tslab", "deno": "Deno kernel"}


def median(values):
    return statistics.median(list(values))


def figures(kernel, language, cwd, log, training):
    """One round for one kernel: name -> number."""
    S = Snippets("py" if language == "python" else "ts", IMPLEMENTATION.get(kernel, ""), {})
    k = Kernel(kernel, cwd, log)
    out = {}
    try:
        out["launch to kernel_info"] = k.start()
        out["memory after start"] = k.rss()
        out["launch to first 1+1"] = out["launch to kernel_info"] + k.run(S["trivial"], timeout=60).ms
        for _ in range(10):
            k.run(S["trivial"])
        out["1+1"] = median(k.run(S["trivial"]).ms for _ in range(40))
        out["class and function"] = median(k.run(S("classfn", n=i)).ms for i in range(20))
        if language == "typescript":
            imported = k.run(TF_IMPORT.get(kernel, "tf.version.tfjs") if kernel != "deno" else S["trivial"], timeout=90)
            if imported.status != "ok":
                raise RuntimeError(f"tfjs is not imported: {imported.complaint()[:200]}")
        if kernel in ("tslab", "thawbook"):
            k.settle(2)      # types of the library are still being read
            out["class and function, tf imported"] = median(k.run(S("classfn", n=100 + i)).ms for i in range(20))
            out["completion of tf."] = median(complete(k, f"const edited{i} = {i}\ntf.") for i in range(20))
        if training and kernel == "thawbook":
            out["completion of tf. while training"] = while_training(k, training)

        k.fresh()
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
        out["1+1 after 200 cells"] = median(k.run(S["trivial"]).ms for _ in range(40))

        k.fresh()
        k.run(S["trivial"], timeout=60)
        cell = k.execute(S["lines"])
        out["10,000 lines"] = k.gather_flood(cell, 60)
        out["10,000 lines, arrived before idle"] = cell.text("stdout").count("\n")
        k.settle(2)
        before = k.rss()
        cell = k.execute(S("big_stream", t="figures"))
        out["50 MB of output"] = k.gather_flood(cell, 120)
        out["50 MB of output, memory growth"] = k.rss() - before

        k.fresh()
        k.run(S["trivial"], timeout=60)
        out["interrupt of a loop"] = median(interrupt(k, S["loop"]) for _ in range(3))
    except Exception as error:  # a peer that fails a figure keeps the others
        out["fault"] = f"{type(error).__name__}: {error}"
    finally:
        k.stop()
    return out


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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernels", default="thawbook,tslab,deno,ipykernel")
    parser.add_argument("--cwd", default=os.getcwd())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--training", help="a cell that prints 'training' and trains for a minute")
    parser.add_argument("--json", required=True)
    options = parser.parse_args()
    assert "tslab" in DIALECTS
    kernels = options.kernels.split(",")
    rounds = {kernel: [] for kernel in kernels}
    with open(os.devnull, "ab") as log:
        for i in range(options.rounds):
            for kernel in kernels if i % 2 == 0 else reversed(kernels):
                one = figures(kernel, "python" if kernel == "ipykernel" else "typescript", options.cwd, log, options.training)
                rounds[kernel].append(one)
                print(f"round {i + 1} {kernel}: {json.dumps({n: round(v, 1) if isinstance(v, float) else v for n, v in one.items()})}", flush=True)
    Path(options.json).write_text(json.dumps(rounds, indent=1))


if __name__ == "__main__":
    main()

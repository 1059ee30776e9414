"""python pytorch.py FOLDER [threads]: the same steps in PyTorch, eagerly."""
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

folder = Path(sys.argv[1])
torch.set_num_threads(int(sys.argv[2]))
workload = json.loads((folder / "workload.json").read_text())
batch, samples, optimizer = workload["batch"], workload["samples"], workload["optimizer"]
x = torch.from_numpy(np.fromfile(folder / "x.bin", np.float32).reshape(samples, *workload["input"]))
y = torch.from_numpy(np.fromfile(folder / "y.bin", np.int32)).long()

if workload["name"] == "head":
    drop = [nn.Dropout(workload["dropout"])] if workload["dropout"] else []
    model = nn.Sequential(nn.Linear(384, 128), nn.ReLU(), *drop, nn.Linear(128, 10))
else:
    x = x.permute(0, 3, 1, 2).contiguous()
    model = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                          nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10))

with torch.no_grad():
    for index, (parameter, shape) in enumerate(zip(model.parameters(), workload["weights"])):
        values = np.fromfile(folder / f"weights-{index}.bin", np.float32).reshape(shape)
        if len(shape) == 4:
            values = values.transpose(3, 2, 0, 1)
        if len(shape) == 2:
            if shape[0] == 9216:  # flattened [12, 12, 64] there, [64, 12, 12] here
                values = values.reshape(12, 12, 64, shape[1]).transpose(2, 0, 1, 3).reshape(shape)
            values = values.T
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))

make = torch.optim.AdamW if optimizer["name"] == "adamw" else torch.optim.Adam
update = make(model.parameters(), lr=optimizer["learningRate"], weight_decay=optimizer["weightDecay"])
criterion = nn.CrossEntropyLoss()
step = 0
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    steps = int(line)
    losses = []
    cpu, start = time.process_time(), time.perf_counter()
    for _ in range(steps):
        first = step * batch % samples
        update.zero_grad()
        loss = criterion(model(x[first:first + batch]), y[first:first + batch])
        loss.backward()
        update.step()
        losses.append(loss.item())
        step += 1
    elapsed, used = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({"milliseconds": elapsed / steps * 1e3, "cpu": used / steps * 1e3, "losses": losses[:20]}), flush=True)

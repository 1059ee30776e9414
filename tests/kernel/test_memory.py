"""Memory that runs out ends what filled it, and says so; the kernel lives on."""
import json

import pytest
from conftest import Kernel

FILLS = {
    "at top level": "const kept: number[][] = []; for (;;) kept.push(new Array(1000).fill(0));",
    "in a moment": "const kept: number[][] = []; for (;;) kept.push(new Array(1e6).fill(0));",
    "after an await": "await null; const kept: number[][] = []; for (;;) kept.push(new Array(1000).fill(0));",
}


@pytest.fixture(scope="module")
def small(kernelspec, tmp_path_factory):
    """A kernel whose JavaScript values may take 300 MiB."""
    path = kernelspec / "kernel.json"
    before = path.read_text()
    spec = json.loads(before)
    path.write_text(json.dumps({**spec, "argv": [spec["argv"][0], "--max-old-space-size=300", *spec["argv"][1:]]}))
    made = Kernel(tmp_path_factory.mktemp("notebook"))
    path.write_text(before)
    yield made
    made.stop()


@pytest.mark.parametrize("where", FILLS)
def test_a_full_heap_ends_the_cell(small, where):
    small.run("let before = 41;")
    cell = small.run(f"{{ {FILLS[where]} }}" if "await" not in FILLS[where] else f"await (async () => {{ {FILLS[where]} }})();")
    assert cell.error["ename"] == "OutOfMemory"
    assert "MiB" in cell.error["evalue"] and "--max-old-space-size" in cell.error["evalue"]
    assert small.run("before + 1").result == "42"


def test_a_buffer_that_is_too_large_is_an_ordinary_error(kernel):
    cell = kernel.run("new ArrayBuffer(2 ** 52)")
    assert cell.error["ename"] == "RangeError"
    assert kernel.run("1").result == "1"

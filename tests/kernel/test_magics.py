"""Magics: lines that begin with `%`, and cells that begin with `%%`."""
from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import psutil
import pytest


def test_time_of_an_expression(kernel):
    cell = kernel.run("%time await new Promise<number>((done) => setTimeout(() => done(42), 50))")
    assert cell.result == "42"
    wall = float(re.fullmatch(r"Wall time: ([\d.]+) ms \(processor time [\d.]+ (µs|ms)\)\n", cell.text()).group(1))
    assert 45 <= wall < 1000


def test_time_stands_where_the_cell_is_by_then(kernel):
    cell = kernel.run("console.log('a')\n%time 1 + 1\nconsole.log('b')")
    assert re.fullmatch(r"a\nWall time: .*\nb\n", cell.text())


def test_time_of_a_cell(kernel):
    cell = kernel.run("%%time\nawait new Promise((done) => setTimeout(done, 50));\n6 * 7")
    assert cell.result == "42"
    assert float(re.match(r"Wall time: ([\d.]+) ms", cell.text()).group(1)) >= 45
    failed = kernel.run("%%time\n\nthrow new Error('late')")
    assert failed.text().startswith("Wall time:")
    assert ":3:7" in failed.traceback


def test_places_below_a_magic(kernel):
    assert ":3:9" in kernel.run("%help\nconst ok = 1\n  throw new Error('here')").traceback
    assert "2:7" in kernel.run("%help\nconst ok: string = 1").error["evalue"]


def test_check(kernel):
    wrong = "const checked: string = 1; typeof checked"
    assert kernel.run(wrong).error["ename"] == "TypeScriptError"
    assert kernel.run(f"%check off\n{wrong}").result == "'number'"
    warned = kernel.run(f"%check warn\n{wrong}")
    assert warned.result == "'number'"
    assert "TS2322" in warned.text("stderr")
    assert kernel.run("%check").text() == "check warn: a type error is a warning\n"
    assert kernel.run(f"%check strict\n{wrong}").error["ename"] == "TypeScriptError"


def test_who(fresh):
    assert fresh.run("%who").text() == "The notebook has no variables yet.\n"
    fresh.run("const list = [1, 2, 3]; class Kind {}; function act() {}; let process = 'mine'")
    cell = fresh.run("const map = new Map([['a', 1]])\n%who\nconst later = 1")
    assert [line.split(None, 1) for line in cell.text().splitlines()] == [
        ["Kind", "class"], ["act", "function"], ["list", "array of 3  [ 1, 2, 3 ]"], ["map", "Map         Map(1) { 'a' => 1 }"], ["process", "string      'mine'"],
    ]


def test_who_knows_tensors(fresh):
    assert "x  Tensor float32 [2, 3]" in fresh.run("const x = tf.zeros([2, 3])\n%who").text()


def test_reset(fresh):
    fresh.run("let gone = 1; const process = 'mine'; const display = 5; interface Gone { a: 1 }")
    assert fresh.run("%reset").text() == "3 names forgotten\n"
    assert "Cannot find name 'gone'" in fresh.run("gone").error["evalue"]
    assert "Cannot find name 'Gone'" in fresh.run("let a: Gone").error["evalue"]
    assert fresh.run("typeof process.pid").result == "'number'"
    assert fresh.run("display.text('shown')").of("display_data")[0]["data"]["text/plain"] == "shown"
    assert fresh.run("const gone = 'again'; gone").result == "'again'"


@pytest.mark.parametrize("name, mime", [("html", "text/html"), ("markdown", "text/markdown"), ("javascript", "application/javascript")])
def test_cells_of_other_languages(kernel, name, mime):
    body = "<b>`${ not TypeScript\n%who"
    cell = kernel.run(f"%%{name}\n{body}")
    assert cell.reply["status"] == "ok"
    assert cell.of("display_data")[0]["data"] == {mime: body, "text/plain": body}
    assert cell.of("execute_result", "stream") == []


def test_help_names_every_magic(kernel):
    text = kernel.run("%help").text()
    for name in ("%install", "%check", "%time", "%who", "%reset", "%help", "%%time", "%%html", "%%markdown", "%%javascript"):
        assert re.search(rf"^{name}\b", text, re.M), name


def test_unknown_magic(kernel):
    cell = kernel.run("const first = 1;\n%instal dayjs")
    assert cell.error["evalue"] == "In[%d]:2:1: there is no magic %%instal; the closest is %%install, and %%help lists all" % cell.reply["execution_count"]


def test_a_remainder_over_two_lines_is_none(kernel):
    assert kernel.run("const dividend = 17, m5 = 5\ndividend\n%m5").result == "2"


def test_editor(kernel):
    reply = kernel.ask("complete_request", {"code": "1;\n%in", "cursor_pos": 6})
    assert reply["matches"] == ["%install"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (3, 6)
    assert kernel.ask("is_complete_request", {"code": "%%html\n<b>"})["status"] == "incomplete"
    assert kernel.ask("is_complete_request", {"code": "%who"})["status"] == "complete"
    assert "lists the notebook's variables" in kernel.ask("inspect_request", {"code": "%who", "cursor_pos": 2})["data"]["text/plain"]


def pack(folder: Path, version: str, value: str) -> str:
    """A package of the test's own, packed as npm publishes it; its path."""
    source = folder / "source"
    source.mkdir(parents=True)
    (source / "package.json").write_text(json.dumps({"name": "probe-package", "version": version, "types": "index.d.ts", "main": "index.js"}))
    (source / "index.js").write_text(f"exports.value = {value};")
    (source / "index.d.ts").write_text("export declare const value: number;")
    subprocess.run(["npm", "pack", "--offline", "--pack-destination", str(folder)], cwd=source, check=True, capture_output=True)
    return str(folder / f"probe-package-{version}.tgz")


def test_install(fresh, tmp_path):
    archive = pack(tmp_path / "a b", "1.0.0", "41")
    assert "`%install probe-package` on a line above installs it" in fresh.run('import { value } from "probe-package"; value').error["evalue"]
    cell = fresh.run(f'%install "{archive}"\nimport {{ value }} from "probe-package"\nvalue + 1')
    assert cell.result == "42", cell.traceback or cell.text("stderr")
    assert "added 1 package" in cell.text()
    assert (tmp_path / "node_modules" / "probe-package" / "package.json").exists()
    assert "TS2339" in fresh.run('import { value } from "probe-package"; value.nothing').error["evalue"]
    names = fresh.ask("complete_request", {"code": 'import {} from "probe-', "cursor_pos": 22})["matches"]
    assert "probe-package" in names


def test_install_tells_why_it_failed(fresh, tmp_path):
    missing = fresh.run("%install ./nowhere.tgz\nconsole.log('not reached')")
    assert missing.error["ename"] == "InstallError"
    assert "could not install ./nowhere.tgz" in missing.error["evalue"]
    assert "nowhere.tgz" in missing.text("stderr")
    assert "not reached" not in missing.text()
    (tmp_path / ".npmrc").write_text("registry=http://127.0.0.1:9/\n")
    lost = fresh.run("%install left-pad")
    assert "cannot reach its registry to install left-pad (ECONNREFUSED)" in lost.error["evalue"]
    assert "no options" in fresh.run("%install --global left-pad").error["evalue"]
    assert fresh.run("'alive'").result == "'alive'"


def command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def test_install_is_interrupted(fresh, tmp_path):
    slow = "node -e 'setTimeout(() => {}, 60000)'"
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps({"name": "slow", "version": "1.0.0", "scripts": {"postinstall": slow}}))
    cell = fresh.send("%install ./slow")
    started = []

    def runs(_) -> bool:
        started[:] = [p for p in fresh.processes() if "setTimeout(() => {}, 60000)" in command(p)]
        return bool(started)

    fresh.wait(cell, until=runs)
    fresh.ask("interrupt_request", channel="control")
    assert fresh.wait(cell, 10).error["ename"] == "KeyboardInterrupt"
    assert psutil.wait_procs(started, timeout=5)[1] == []
    assert fresh.run("1 + 1").result == "2"


def test_never_into_the_kernels_own_packages(tmp_path):
    from conftest import ROOT, Kernel

    for folder in (ROOT, ROOT / "kernel"):
        kernel = Kernel(folder)
        try:
            assert "the kernel's own packages are in" in kernel.run("%install ./nothing.tgz").error["evalue"]
        finally:
            kernel.stop()

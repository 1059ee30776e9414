"""Programs that run notebooks without a person: nbclient, nbconvert, jupyter execute and run, papermill."""
from __future__ import annotations

import shutil

import nbclient
import nbformat
import pytest

from conftest import ROOT
from notebooks import BIN, notebook, printed, ran, written

THAWBOOK = ROOT / "kernel" / "bin" / "thawbook.mjs"


def test_nbclient_loses_no_output_of_200_cells(tmp_path):
    cells = [f"console.log('line {i}'); console.error('to stderr {i}'); {i} + {i}" for i in range(200)]
    done = nbclient.NotebookClient(notebook(*cells), timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    for i, cell in enumerate(done.cells):
        texts = {output.get("name", "result"): output.get("text") or output.data["text/plain"] for output in cell.outputs}
        assert texts == {"stdout": f"line {i}\n", "stderr": f"to stderr {i}\n", "result": str(i + i)}, (i, cell.outputs)
        assert cell.execution_count == i + 1


def test_nbclient_stops_at_an_error_and_names_it(tmp_path):
    client = nbclient.NotebookClient(notebook("const a = 1;", 'throw new RangeError("too far");', "a"), timeout=60)
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="too far") as caught:
        client.execute()
    assert caught.value.ename == "RangeError"
    assert client.nb.cells[2].outputs == []


def test_nbconvert_executes_to_a_notebook_and_to_html(tmp_path):
    path = written(tmp_path, "interface Point { x: number }\nconst point: Point = { x: 40 };\nconsole.log(`x is ${point.x}`);", "display.html('<b id=\"bold\">shown</b>')\npoint.x + 2")
    ran(BIN / "jupyter-nbconvert", "--to", "notebook", "--execute", path, "--output", "done.ipynb", folder=tmp_path)
    done = nbformat.read(tmp_path / "done.ipynb", as_version=4)
    assert printed(done) == "x is 40\n"
    assert [output.data["text/plain"] for output in done.cells[1].outputs if output.output_type == "execute_result"] == ["42"]
    assert done.metadata.language_info.name == "typescript"
    ran(BIN / "jupyter-nbconvert", "--to", "html", "--execute", path, folder=tmp_path)
    page = (tmp_path / "given.html").read_text()
    assert "x is 40" in page and '<b id="bold">shown</b>' in page
    ran(BIN / "jupyter-nbconvert", "--to", "script", "done.ipynb", folder=tmp_path)
    assert (tmp_path / "done.ts").read_text().count("const point: Point") == 1


def test_jupyter_execute_and_jupyter_run(tmp_path):
    path = written(tmp_path, "const answer: number = 42;\nconsole.log(answer);")
    ran(BIN / "jupyter-execute", path, "--inplace", folder=tmp_path)
    assert printed(nbformat.read(path, as_version=4)) == "42\n"
    (tmp_path / "script.ts").write_text("const words: string[] = ['from', 'a', 'file'];\nconsole.log(words.join(' '));\n")
    assert "from a file" in ran(BIN / "jupyter-run", "--kernel", "thawbook", "script.ts", folder=tmp_path)


PARAMETERS = "const epochs: number = 3; // passes over the data\nconst rate = 0.1;\nconst layers: string[] = [];\nconst options = { seed: 1 };"
USE = "console.log(epochs * 2, rate, layers.join('+'), options.seed, JSON.stringify(options));"


def test_papermill_writes_typescript_parameters(tmp_path):
    path = written(tmp_path, USE, parameters=PARAMETERS)
    said = ran(
        shutil.which("node"), THAWBOOK, "papermill", path, "out.ipynb", "-p", "epochs", "5", "-p", "rate", "1e-3",
        "-y", 'layers: [conv, "the \\"head\\"\\n"]', "-y", "options: {seed: 7, nested: {deep: [1, null, true, .nan]}}", "--no-progress-bar",
        folder=tmp_path,
    )  # fmt: skip
    done = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    injected = done.cells[1]
    assert injected.metadata.tags == ["injected-parameters"]
    assert injected.source.startswith("// Parameters\n") and "const epochs = 5;\nconst rate = 0.001;\n" in injected.source, said
    assert printed(done) == '10 0.001 conv+the "head"\n 7 {"seed":7,"nested":{"deep":[1,null,true,null]}}\n'


def test_papermill_tells_a_notebooks_parameters(tmp_path):
    said = ran(shutil.which("node"), THAWBOOK, "papermill", "--help-notebook", written(tmp_path, USE, parameters=PARAMETERS), folder=tmp_path)
    assert "epochs: number (default 3)" in said and "passes over the data" in said
    assert "layers: string[] (default [])" in said


def test_papermill_as_it_comes_writes_plain_parameters_in_the_manner_of_csharp(tmp_path):
    """Without our translator: what setup.md tells for a papermill that is started elsewhere."""
    path = written(tmp_path, "console.log(epochs * 2, name, fast);", parameters='let epochs = 3;\nlet name = "a";\nlet fast = false;')
    ran(BIN / "papermill", path, "out.ipynb", "--language", ".net-csharp", "-p", "epochs", "5", "-p", "name", 'a "b"', "-p", "fast", "true", "--no-progress-bar", folder=tmp_path)
    assert printed(nbformat.read(tmp_path / "out.ipynb", as_version=4)) == '10 a "b" true\n'

"""The README's cells, as printed, in the kernel."""

import pathlib
import re
import shutil

import nbclient
import nbformat

ROOT = pathlib.Path(__file__).parents[2]


def test_readmes_cells_run(tmp_path: pathlib.Path) -> None:
    cells = re.findall(r"^```ts\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert len(cells) >= 2
    shutil.copytree(ROOT / "notebooks" / "models", tmp_path / "models")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="thawbook", resources={"metadata": {"path": str(tmp_path)}}).execute()
    types = [{mime for output in cell.outputs for mime in output.get("data", {})} for cell in notebook.cells]
    assert "application/vnd.thawbook.layers.v1+json" in types[0]
    assert "application/vnd.thawbook.run.v1+json" in types[1]
    # what a type error or a deprecation would have printed
    assert not [output.text for cell in notebook.cells for output in cell.outputs if output.output_type == "stream" and output.name == "stderr"]

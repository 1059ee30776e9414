"""Every notebook runs top to bottom, in a copy of its folder, and each cell's result is there."""

import pathlib
import shutil

import nbclient
import nbformat
import pytest

FOLDER = pathlib.Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_runs(name: str, tmp_path: pathlib.Path) -> None:
    copy = tmp_path / "notebooks"  # a notebook may write beside itself
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    notebook = nbformat.read(copy / name, as_version=4)
    assert notebook.metadata.kernelspec.name == "thawbook"

    client = nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(copy)}})
    client.execute()  # raises CellExecutionError with the cell and its traceback

    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    assert cells and all(cell.execution_count for cell in cells)
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]

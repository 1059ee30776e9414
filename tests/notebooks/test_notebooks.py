"""Every notebook runs top to bottom, in a copy of its folder, and each cell's result is there."""

import pathlib
import re
import shutil
from collections.abc import Callable

import nbclient
import nbformat
import pytest

FOLDER = pathlib.Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))


Executed = Callable[[str], list]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    """Runs a notebook once; gives its code cells with what they put out."""
    done: dict[str, list] = {}

    def execute(name: str) -> list:
        if name not in done:
            copy = tmp_path_factory.mktemp("run") / "notebooks"  # a notebook may write beside itself
            shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
            notebook = nbformat.read(copy / name, as_version=4)
            assert notebook.metadata.kernelspec.name == "thawbook"
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    cell.outputs, cell.execution_count = [], None
            nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(copy)}}).execute()
            done[name] = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
        return done[name]

    return execute


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_runs(name: str, executed: Executed) -> None:
    cells = executed(name)  # raises CellExecutionError with the cell and its traceback
    assert cells and all(cell.execution_count for cell in cells)
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]


def test_first_tutorial_shows_that_transfer_pays(executed: Executed) -> None:
    """The notebook's own comparison over five seeds, as a reader sees it."""
    text = "\n".join(
        str(output.data.get("text/plain", ""))
        for cell in executed("01-first-fine-tune.ipynb")
        for output in cell.get("outputs", [])
        if output.output_type == "execute_result"
    )
    margin = re.search(r"transfer is worth (-?[\d.]+) points", text)
    assert margin is not None, text[-2000:]
    assert float(margin[1]) > 1.5


def test_step_by_step_is_exact_and_shows_a_better_way(executed: Executed) -> None:
    """What the second tutorial claims of its run, as a reader sees it."""
    text = "\n".join(
        str(output.data.get("text/plain", ""))
        for cell in executed("02-step-by-step.ipynb")
        for output in cell.get("outputs", [])
        if output.output_type == "execute_result"
    )
    assert "every weight as it was: true" in text
    assert "losses as the first time: true" in text
    found = re.search(r"(\d+) units of 64 are dead after .*, (\d+) after .* ([\d.]+) % are read by the one, ([\d.]+) % by the other", text)
    assert found is not None, text[-2000:]
    assert int(found[1]) > int(found[2])
    assert float(found[4]) > float(found[3])

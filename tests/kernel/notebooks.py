"""Notebooks for the programs that run them, and how those programs are started."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat

# the checkout's own jupyter, whatever is on the PATH
BIN = Path(sys.executable).parent


def notebook(*cells: str, parameters: str | None = None) -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "thawbook", "display_name": "Thawbook", "language": "typescript"}})
    made.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    if parameters is not None:
        made.cells.insert(0, nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    return made


def written(folder: Path, *cells: str, **options) -> Path:
    path = folder / "given.ipynb"
    nbformat.write(notebook(*cells, **options), path)
    return path


def printed(notebook: nbformat.NotebookNode) -> str:
    return "".join(output.text for cell in notebook.cells for output in cell.get("outputs", []) if output.output_type == "stream")


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1", "TERM": "xterm"}


def ran(*command: str | Path, folder: Path, expected: int = 0) -> str:
    done = subprocess.run([str(word) for word in command], cwd=folder, env=environment(), capture_output=True, text=True, timeout=180)
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr

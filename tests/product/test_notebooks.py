"""The notebooks run from top to bottom, say the same as their scripts, and are stored with what they show.

`python -m tests.product.test_notebooks` executes them and stores them again; do so when a script or the model has
changed.
"""

import asyncio
import json
import os
import re
import sys
import tempfile
import warnings
from pathlib import Path

import pytest

from tests.commands import REPOSITORY, environment
from tests.conftest import require

FOLDER = REPOSITORY / "notebooks"
SCRIPTS = sorted(FOLDER.glob("*.py"))
KERNEL = [sys.executable, "-m", "ipykernel_launcher", "--log-level=ERROR", "-f", "{connection_file}"]
COMPILING = 1200  # seconds a cell may take: the first one to run compiles the rules
LARGEST = 400_000  # bytes of a stored notebook
OF_A_MACHINE = r"/(?:home|tmp|work|Users|root|private|var|mnt)/|[A-Za-z]:\\\\?\w"  # absolute paths

pytestmark = pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)


def written(script):
    """A notebook as its script says, without outputs. Cells are numbered, so that storing it again changes little."""
    notebook = require("jupytext").read(script)
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number}"
    return notebook


def stored(script):
    """A notebook as it is kept, with outputs."""
    return require("nbformat").read(script.with_suffix(".ipynb"), as_version=4)


def executed(script, folder):
    """A notebook run by this interpreter in an empty folder, whatever kernels and profiles the machine has."""
    require("ipykernel")
    manager, specs = require("jupyter_client.manager"), require("jupyter_client.kernelspec")
    kernel = folder / "kernels" / "firmlab"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps({"argv": KERNEL, "display_name": "firmlab", "language": "python"}))
    (folder / "empty").mkdir()
    notebook = written(script)
    client = require("nbclient").NotebookClient(
        notebook,
        km=manager.AsyncKernelManager(
            kernel_name="firmlab",
            kernel_spec_manager=specs.KernelSpecManager(kernel_dirs=[str(kernel.parent)]),
            connection_file=str(folder / "connection.json"),
        ),
        timeout=COMPILING,
        record_timing=False,
        coalesce_streams=True,  # else how often a cell's text was flushed would show
        resources={"metadata": {"path": str(folder / "empty")}},
    )
    around = {name: value for name, value in environment().items() if name != "MPLBACKEND"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the event loop, which differs between systems
        asyncio.run(client.async_execute(cleanup_kc=True, env={**around, "IPYTHONDIR": str(folder / "profile")}))
    assert not list((folder / "empty").iterdir()), "a notebook leaves nothing behind"
    return notebook


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def kinds(cell):
    """What a cell shows: text, pictures, results."""
    return [
        (output.output_type, output.get("name") or sorted(set(output.get("data", {})) - {"text/plain"}))
        for output in cell.outputs
    ]


def test_script_and_notebook_say_the_same(script):
    says, kept = ([(cell.cell_type, cell.source) for cell in one.cells] for one in (written(script), stored(script)))
    assert says == kept, "python -m tests.product.test_notebooks stores it again"


def test_every_cell_runs_and_shows_what_is_stored(script, tmp_path):
    for package in ("duckdb", "matplotlib", "polars"):
        require(package)
    fresh, kept = code(executed(script, tmp_path)), code(stored(script))
    assert [kinds(cell) for cell in fresh] == [kinds(cell) for cell in kept]


def test_what_is_stored_can_be_read_by_anybody(script):
    notebook = stored(script)
    cells = code(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), "run once, from top to bottom"
    shown = [output for cell in cells for output in cell.outputs]
    assert sum(bool(cell.outputs) for cell in cells) >= len(cells) / 2
    assert not [output for output in shown if output.output_type == "error" or output.get("name") == "stderr"]
    texts = [output.get("text", "") + "".join(map(str, output.get("data", {}).values())) for output in shown]
    about = [json.dumps([notebook.metadata, *(cell.metadata for cell in notebook.cells)])]
    for text in [*texts, *about, script.read_text(encoding="utf-8")]:
        without_pictures = re.sub(r"[A-Za-z0-9+/=\n]{200,}", "", text)
        assert not re.search(OF_A_MACHINE, without_pictures)
    assert script.with_suffix(".ipynb").stat().st_size < LARGEST


def test_links_of_the_notebooks_exist(script):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", script.read_text(encoding="utf-8")):
        assert (FOLDER / target).exists(), f"{script.name} points to {target}"


def main():
    """Execute every notebook and store it with its outputs."""
    import nbformat

    os.environ.pop("NUMBA_BOUNDSCHECK", None)  # what tests set; the numbers are the same without
    for script in SCRIPTS:
        with tempfile.TemporaryDirectory() as folder:
            notebook = executed(script, Path(folder))
        notebook.metadata.get("language_info", {}).pop("version", None)  # of Python: not what has changed
        nbformat.write(notebook, script.with_suffix(".ipynb"))
        print(f"{script.stem}: {script.with_suffix('.ipynb').stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

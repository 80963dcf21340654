import nbformat
import pytest
from nbclient import NotebookClient


@pytest.fixture(scope="module")
def notebook(root):
    return nbformat.read(root / "docs/notebooks/dcgan.ipynb", as_version=4)


def test_the_notebook_is_committed_without_outputs(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not [cell for cell in code if cell.outputs or cell.execution_count]


def test_the_notebook_trains_a_gan_and_measures_it_against_the_floor(notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    book = nbformat.from_dict(notebook)
    NotebookClient(book, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    said = "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")
    assert "FD[learned] of" in said
    assert "its floor: " in said
    pictures = [output for output in outputs if "image/png" in getattr(output, "data", {})]
    assert len(pictures) == 2

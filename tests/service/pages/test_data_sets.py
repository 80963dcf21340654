from tests.service.pages.conftest import until


def test_a_data_set_is_looked_at(pages):
    where = pages.post("/runs/data-sets", dataset="chest")
    text = until(lambda: "30 images" in (text := pages.get(where)) and text)
    assert "Images by class and split" in text
    assert "Read as phantom." in text
    assert '<p class="lead">chest</p>' in text


def test_what_cannot_be_read_says_why(pages):
    where = pages.post("/runs/data-sets", dataset="broken")
    until(lambda: "Nothing in it is an image." in pages.get(f"{where}/live"))


def test_each_data_set_has_a_page_of_its_own(pages):
    one, other = (pages.post("/runs/data-sets", dataset=name) for name in ("chest", "chest/"))
    assert one == other
    assert pages.post("/runs/data-sets", dataset="set.npz") != one


def test_a_path_that_leads_out_is_not_found(pages, runs_root):
    pages.post("/runs/data-sets", dataset="../secret", status=404)
    assert list(runs_root.iterdir()) == []


def test_a_run_is_no_data_set(pages, runs_root):
    (runs_root / "run").mkdir()
    pages.get("/runs/data-sets/run", status=404)

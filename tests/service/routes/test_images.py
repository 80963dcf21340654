import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from synthetyk.core.errors import DamagedImageError
from synthetyk.store.contract import DRAWN, PNG


def test_an_image_is_stored_and_found_where_the_answer_says(client, png):
    answer = client.post("/v1/images", content=png, params={"label": "normal"})
    assert answer.status_code == 201
    record = answer.json()
    assert (record["id"], record["label"], record["origin"]) == (hashlib.sha256(png).hexdigest(), "normal", "real")
    assert answer.headers["location"] == f"/v1/images/{record['id']}"
    assert client.get(answer.headers["location"]).json() == record


def test_the_same_bytes_twice_are_one_image_with_its_first_label(client, png):
    first = client.post("/v1/images", content=png, params={"label": "normal"})
    again = client.post("/v1/images", content=png, params={"label": "benign"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


@pytest.mark.parametrize("options", [{"params": {"label": "normal"}}, {"data": {"label": "normal"}}])
def test_an_image_may_come_in_a_form(client, png, options):
    answer = client.post("/v1/images", files={"file": ("../../etc/passwd", png, "text/html")}, **options)
    assert answer.status_code == 201
    assert answer.json()["label"] == "normal"
    assert answer.json()["media_type"] == "image/png"
    assert "passwd" not in answer.text


def test_a_large_image_in_a_form_is_never_written_to_a_temporary_file(client, encode, monkeypatch):
    monkeypatch.setattr("tempfile._TemporaryFileWrapper", None)
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: pytest.fail("on disk"))
    noise = encode(np.random.default_rng(0).integers(0, 255, (1300, 1300), np.uint8))
    assert len(noise) > 2**20
    assert client.post("/v1/images", files={"file": noise}).status_code == 201


@pytest.mark.parametrize(
    "options",
    [
        {"content": b""},
        {"files": {"image": b"x"}},
        {"data": {"file": "no file"}, "files": {"label": b"x"}},
        {"content": b"x", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=a"}},
        {"files": [("file", b"x"), ("file", b"y")]},
    ],
)
def test_a_request_without_an_image_is_told_so(client, store, options):
    answer = client.post("/v1/images", **options)
    assert answer.status_code == 422
    assert "file" in answer.json()["expected"]


@pytest.mark.parametrize(
    ("data", "status"), [(b"<svg onload='alert(1)'/>", 415), (b"GIF89a" + bytes(200), 415), (b"\xff\xd8\xff", 422)]
)
def test_what_is_no_image_is_refused(client, data, status):
    assert client.post("/v1/images", content=data, headers={"content-type": "image/png"}).status_code == status


def test_an_image_with_too_many_pixels_is_refused(client, png_bomb):
    assert client.post("/v1/images", content=png_bomb).status_code == 413


def test_the_bytes_come_back_as_they_were(client, png, make_dicom):
    for data, kind, how in ((png, "image/png", "inline"), (make_dicom([[1, 2]]), "application/dicom", "attachment")):
        record = client.post("/v1/images", content=data).json()
        answer = client.get(f"/v1/images/{record['id']}/content")
        assert answer.content == data
        assert answer.headers["content-type"] == kind
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"].startswith(f"{how}; ")


def test_a_preview_is_a_png_of_at_most_the_size(client, make_dicom):
    pixels = (np.arange(40 * 60).reshape(40, 60) % 4096).astype(np.uint16)
    image = client.post("/v1/images", content=make_dicom(pixels)).json()["id"]
    answer = client.get(f"/v1/images/{image}/preview", params={"size": 30})
    shown = Image.open(io.BytesIO(answer.content))
    assert (shown.format, shown.size, shown.mode) == ("PNG", (30, 20), "L")
    assert answer.headers["content-type"] == "image/png"
    assert client.get(f"/v1/images/{image}/preview", params={"frame": 1}).status_code == 422


def test_a_preview_of_deep_grey_spreads_its_values(client, encode):
    image = client.post("/v1/images", content=encode(np.full((4, 4), 4095, np.uint16))).json()["id"]
    shown = Image.open(io.BytesIO(client.get(f"/v1/images/{image}/preview").content))
    assert (np.asarray(shown) == 255).all()


def test_lists_go_on_page_by_page_and_hold_what_is_wanted(client, store):
    for number in range(5):
        store.put(b"%d" % number, PNG if number % 2 else DRAWN, created=1000 * number)
    first = client.get("/v1/images", params={"limit": 3}).json()
    second = client.get("/v1/images", params={"limit": 3, "after": first["after"]}).json()
    assert [record["created"] for record in first["images"] + second["images"]] == [4000, 3000, 2000, 1000, 0]
    assert second["after"] is None
    for wanted, count in (
        ({"origin": "real"}, 2),
        ({"label": "benign"}, 3),
        ({"model": "ab" * 32}, 3),
        ({"since": 1000, "before": 4000}, 3),
    ):
        assert len(client.get("/v1/images", params=wanted).json()["images"]) == count


@pytest.mark.parametrize(
    "wrong", [{"limit": 0}, {"limit": 1001}, {"after": "x"}, {"since": 10**30}, {"origin": "both"}, {"lable": "x"}]
)
def test_a_wrong_question_is_refused(client, wrong):
    assert client.get("/v1/images", params=wrong).status_code == 422


def test_a_deleted_image_is_gone(client, png):
    place = client.post("/v1/images", content=png).headers["location"]
    assert client.delete(place).status_code == 204
    for answer in (client.get(place), client.get(place + "/content"), client.delete(place)):
        assert answer.status_code == 404


@pytest.mark.parametrize("name", ["x", "..%2f..%2fetc%2fpasswd", "0" * 64, "%00", "a'--"])
def test_an_id_that_is_none_is_not_found(client, name):
    for path in ("", "/content", "/preview"):
        assert client.get(f"/v1/images/{name}{path}").status_code == 404


def test_damaged_bytes_are_not_handed_out(client, store, png, monkeypatch):
    def damaged(image):
        raise DamagedImageError.of(image)

    image = client.post("/v1/images", content=png).json()["id"]
    monkeypatch.setattr(store, "read", damaged)
    answer = client.get(f"/v1/images/{image}/content")
    assert answer.status_code == 500
    assert "Restore it" in answer.json()["action"]

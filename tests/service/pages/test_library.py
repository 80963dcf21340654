import re

import pytest

from synthetyk.service.pages import library


def shown(text):
    return re.findall(r'href="/library/([0-9a-f]{64})"', text)


def test_the_latest_image_stands_first(served, reals):
    expected = [image for label in reversed(reals) for image in reversed(reals[label])]
    assert shown(served.get("/library")) == expected


def test_a_page_leads_to_the_next_and_all_pages_show_every_image_once(served, reals, monkeypatch):
    monkeypatch.setattr(library, "ON_A_PAGE", 4)
    address, found = "/library?origin=real&label=", []
    while address:
        text = served.get(address)
        found += shown(text)
        follows = re.search(r'href="([^"]+)" rel="next"', text)
        address = follows[1].replace("&amp;", "&") if follows else ""
    assert sorted(found) == sorted(image for images in reals.values() for image in images)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("origin=synthetic", 0),
        ("origin=real", 14),
        ("label=benign", 6),
        ("origin=&label=&model=&since=&until=", 14),
        ("since=1970-01-02", 0),
        ("until=1970-01-01", 14),
        ("since=1970-01-01&until=1970-01-01&label=malignant", 2),
    ],
)
def test_filters_show_what_fits(served, reals, query, count):
    assert len(shown(served.get(f"/library?{query}"))) == count


def test_an_image_has_a_page_with_what_was_said_of_it(served, reals):
    image = reals["benign"][0]
    assert "No classifier was asked yet" in served.get(f"/library/{image}")
    where = served.post(f"/library/{image}/predictions")
    assert f'href="{where}"' in served.get(f"/library/{image}")


def test_an_image_is_deleted_once_that_was_confirmed(served, store, reals):
    image = reals["benign"][0]
    assert "It cannot be brought back" in served.get(f"/library/{image}/delete")
    assert store.record(image)
    served.post(f"/library/{image}/delete")
    served.get(f"/library/{image}", status=404)
    assert served.post(f"/library/{image}/delete") == "/library"


def test_a_deletion_without_the_token_is_refused(served, store, reals):
    image = reals["benign"][0]
    assert served.client.post(f"/library/{image}/delete").status_code == 403
    assert store.record(image)


def test_several_images_are_stored_at_once(served, store, picture):
    assert served.upload("/library", picture(1), picture(2), label="benign") == "/library?added=2&known=0"
    assert "2 images stored" in served.get("/library?added=2")
    assert len(shown(served.get("/library?label=benign"))) == 2


def test_an_image_that_was_there_keeps_its_class_and_that_is_said(served, store, picture):
    served.upload("/library", picture(1))
    where = served.upload("/library", picture(1), picture(2), label="benign")
    text = served.get(where)
    assert "1 image stored." in text
    assert "1 image stood here already" in text
    assert len(shown(served.get("/library?label=benign"))) == 1


def test_files_that_are_no_images_are_told_by_their_place_and_the_others_are_kept(served, picture):
    text = served.upload("/library", picture(1), b"nothing", status=422)
    assert "Of 2 files 1 cannot be stored" in text
    assert "file 2" in text
    assert "patient-1" not in text
    assert len(shown(served.get("/library"))) == 1


def test_labels_are_no_markup(served, picture):
    served.upload("/library", picture(1), label="<img src=x onerror=alert(1)>")
    assert "<img src=x" not in served.get("/library")

"""Small trees of files."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

UID = "1.3.6.1.4.1.9590.100.1.2."
PATHS = ["image file path", "cropped image file path", "ROI mask file path"]


@pytest.fixture
def tree(tmp_path: Path, png: bytes) -> Callable[..., Path]:
    """Return a function that writes files below a fresh folder: names alone become PNG files."""

    def make(*names: str, **contents: bytes | str) -> Path:
        files: dict[str, bytes | str] = {**dict.fromkeys(names, png), **contents}
        for name, content in files.items():
            path = tmp_path / "set" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / "set"

    return make


@pytest.fixture
def patches(tmp_path, encode) -> Callable[..., Path]:
    """Return a function that writes a tree of IDC patches: so many patients, two patches of each class."""

    def make(patients: int, inside: str = "", seed: int = 0) -> Path:
        rng = np.random.default_rng(seed)
        for patient in range(10253, 10253 + patients):
            for label, tint in ((0, (230, 170, 210)), (1, (150, 90, 170))):
                for x in (51, 101):
                    path = tmp_path / "set" / inside / f"{patient}/{label}/{patient}_idx5_x{x}_y1_class{label}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    noise = rng.integers(-60, 60, (50, 50, 3))
                    path.write_bytes(encode(np.clip(noise + tint, 0, 255).astype(np.uint8)))
        return tmp_path / "set"

    return make


class Archive:
    """Writes what the Kaggle archive of CBIS-DDSM holds, with its quirks where a test asks for them.

    The mass and calc tables spell a column differently, paths end with a line break, and series hold their images under
    names whose order tells nothing.
    """

    def __init__(self, root: Path, encode: Callable[..., bytes]) -> None:
        self.root, self.encode = root, encode
        self.rows: dict[str, list[dict[str, str]]] = {}
        self.info: list[dict[str, str]] = []
        self.series = 0
        self.rng = np.random.default_rng(0)
        (root / "csv").mkdir(parents=True)
        (root / "jpeg").mkdir()

    def image(self, kind: str, *, series: str = "", name: str = "1-100.jpg", described: bool = True) -> tuple[str, str]:
        """Write an image; return its series and its key."""
        self.series += not series
        series = series or f"{UID}{self.series}"
        shape = {"full mammogram images": (90, 60)}.get(kind, tuple(self.rng.integers(24, 40, 2)))
        pixels = self.rng.integers(256, size=shape, dtype=np.uint8)
        pixels = np.where(pixels > 128, 255, 0).astype(np.uint8) if kind == "ROI mask images" else pixels
        path = self.root / "jpeg" / series / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(self.encode(pixels, "JPEG"))
        place = f"CBIS-DDSM/jpeg/{series}/{name}"
        self.info.append(
            {"file_path": f"CBIS-DDSM/dicom/{series}/{name[:-4]}.dcm", "image_path": place, "PatientID": "P_SECRET"}
            | {"SeriesDescription": kind if described else "", "SeriesInstanceUID": series}
        )
        return series, f"jpeg/{series}/{name}"

    def lesion(
        self,
        patient: str,
        pathology: str,
        table: str = "mass_train",
        *,
        mammogram: str = "",
        together: bool = False,
        swapped: bool = False,
        described: bool = True,
    ) -> str:
        """Write a lesion's images and its line; return the key of its crop."""
        whole = mammogram or self.image("full mammogram images", described=described)[0]
        crop, key = self.image("cropped images", name="2-241.jpg", described=described)
        mask, _ = self.image("ROI mask images", series=crop if together else "", name="1-249.jpg")
        self.line(patient, pathology, table, [whole, *([mask, crop] if swapped else [crop, mask])])
        return key

    def line(self, patient: str, pathology: str, table: str, series: list[str]) -> None:
        """Add a line to a case table."""
        kind, split = table.split("_")
        case = f"{kind.title()}-{split.title()}_{patient}_LEFT_CC"
        row = {"patient_id": patient, "breast_density" if kind == "mass" else "breast density": "3"}
        row |= {"left or right breast": "LEFT", "assessment": "SECRETASSESSMENT", "pathology": pathology}
        row |= {column: f"{case}/{UID}9/{uid}/000000.dcm\n" for column, uid in zip(PATHS, series, strict=True)}
        self.rows.setdefault(f"{kind}_case_description_{split}_set.csv", []).append(row)

    def write(self) -> Path:
        """Write the tables; return the root."""
        for name, rows in {**self.rows, "dicom_info.csv": self.info}.items():
            with (self.root / "csv" / name).open("w", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        (self.root / "csv/meta.csv").write_text(f"SeriesInstanceUID,Modality\n{UID}1,MG\n")
        return self.root


@pytest.fixture
def archive(tmp_path, encode) -> Archive:
    """Return an empty archive of CBIS-DDSM."""
    return Archive(tmp_path / "set", encode)

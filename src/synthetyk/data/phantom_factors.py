"""What a phantom is made of: a patient's anatomy, a nodule, and the way in which the image was taken."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from synthetyk.core import seeding

PhantomLabel = Literal["normal", "benign", "malignant"]
LABELS: tuple[PhantomLabel, ...] = get_args(PhantomLabel)


@dataclass(frozen=True)
class Anatomy:
    """What stays the same in every image of one patient; lengths in half image widths.

    Attributes:
        trunk_width: Half width of the trunk.
        shoulder_height: y where the shoulders end.
        lung_width: Half width of one lung.
        lung_height: Half height of one lung.
        lung_center: (|x|, y) of the lungs' centres.
        apex_taper: How much narrower a lung is at its apex, 0 to 1.
        diaphragm: y of the right and the left dome's top.
        dome_height: How far the diaphragm falls from its top to the chest wall.
        heart_width: Half width of the heart.
        heart_tilt: Rotation of the heart, radians.
        mediastinum_width: Half width of the mediastinum.
        rib_spacing: Distance of two ribs.
        rib_phase: Shift of all ribs, in spacings.
        rib_slope: How steeply the ribs fall towards the side.
        rib_density: Contrast of the ribs.
        clavicle_height: y of the clavicles at the midline.
        markings: Contrast of the vessels and the texture of the lungs.
        fat: Thickness of the soft tissue around the chest.
        stomach: Size of the gas bubble under the left dome.
        texture_seed: Address of the patient's vessels and texture.
    """

    trunk_width: float
    shoulder_height: float
    lung_width: float
    lung_height: float
    lung_center: tuple[float, float]
    apex_taper: float
    diaphragm: tuple[float, float]
    dome_height: float
    heart_width: float
    heart_tilt: float
    mediastinum_width: float
    rib_spacing: float
    rib_phase: float
    rib_slope: float
    rib_density: float
    clavicle_height: float
    markings: float
    fat: float
    stomach: float
    texture_seed: int


@dataclass(frozen=True)
class Lesion:
    """One nodule in a lung.

    Attributes:
        center: (x, y) in the patient's coordinates.
        radius: Radius of the core, in half image widths.
        density: Contrast at the centre.
        spiculation: Length of the spikes in radii; 0 for a smooth nodule.
        spikes: (angle, relative length, sharpness) of every spike.
        lobes: (amplitude, phase) of the outline's second, third and fourth harmonic.
    """

    center: tuple[float, float]
    radius: float
    density: float
    spiculation: float
    spikes: tuple[tuple[float, float, float], ...]
    lobes: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Acquisition:
    """What changes from image to image of one patient.

    Attributes:
        rotation: Rotation of the patient, radians.
        scale: Magnification.
        shift: (x, y) of the patient, in half image widths.
        exposure: Added to every density before the tone curve.
        contrast: Slope of the tone curve.
        blur: Standard deviation of the focal blur, in half image widths.
        scatter: Part of the signal that is scattered over the image, 0 to 1.
        noise: Standard deviation of the noise, of full scale.
        tint: Warm (negative) to blue (positive) film base; used with 3 channels.
        noise_seed: Address of the noise.
    """

    rotation: float
    scale: float
    shift: tuple[float, float]
    exposure: float
    contrast: float
    blur: float
    scatter: float
    noise: float
    tint: float
    noise_seed: int


@dataclass(frozen=True)
class PhantomFactors:
    """Everything that an image is made of."""

    label: PhantomLabel
    anatomy: Anatomy
    lesion: Lesion | None
    acquisition: Acquisition


def sample_factors(seed: int, index: int, label: PhantomLabel, *, patient: int | None = None) -> PhantomFactors:
    """Draw the factors of one image.

    Anatomy, lesion and acquisition have addresses of their own: the same patient with another label is the same chest
    with another nodule, and another index of the same patient is the same chest taken another day.

    Args:
        seed: At least 0.
        index: Which image.
        label: What to show.
        patient: Whose chest; by default every image has a patient of its own.
    """
    patient = index if patient is None else patient
    anatomy = _sample_anatomy(seeding.generator(seed, "phantom/anatomy", index=patient))
    lesion_rng = seeding.generator(seed, "phantom/lesion", index=patient)
    return PhantomFactors(
        label=label,
        anatomy=anatomy,
        lesion=None if label == "normal" else _sample_lesion(lesion_rng, anatomy, spiculated=label == "malignant"),
        acquisition=_sample_acquisition(seeding.generator(seed, "phantom/acquisition", index=index)),
    )


def _sample_anatomy(rng: np.random.Generator) -> Anatomy:
    between = rng.uniform
    trunk = between(0.84, 0.98)
    right_dome = between(0.44, 0.60)
    return Anatomy(
        trunk_width=trunk,
        shoulder_height=between(-0.72, -0.60),
        lung_width=trunk * between(0.41, 0.44),
        lung_height=between(0.72, 0.80),
        lung_center=(trunk * between(0.46, 0.49), between(-0.06, 0.02)),
        apex_taper=between(0.25, 0.40),
        diaphragm=(right_dome, right_dome + between(0.02, 0.10)),
        dome_height=between(0.16, 0.30),
        heart_width=between(0.26, 0.36),
        heart_tilt=between(0.7, 1.0),
        mediastinum_width=between(0.13, 0.18),
        rib_spacing=between(0.165, 0.205),
        rib_phase=between(0, 1),
        rib_slope=between(0.5, 0.9),
        rib_density=between(0.07, 0.12),
        clavicle_height=between(-0.66, -0.56),
        markings=between(0.5, 1.0),
        fat=between(0.0, 0.10),
        stomach=between(0.05, 0.3),
        texture_seed=int(rng.integers(2**31)),
    )


def _sample_lesion(rng: np.random.Generator, anatomy: Anatomy, *, spiculated: bool) -> Lesion:
    side = rng.choice([-1.0, 1.0])
    # The left lung's lower inner part lies behind the heart: nodules stay in the air.
    x = anatomy.lung_center[0] + anatomy.lung_width * rng.uniform(-0.15, 0.5)
    y = rng.uniform(-0.42, anatomy.diaphragm[0] - 0.22)
    radius = rng.uniform(0.085, 0.14)
    density = rng.uniform(0.18, 0.32)
    spiculation = rng.uniform(0.8, 1.4) if spiculated else 0.0
    count = int(rng.integers(7, 12))
    angles = (np.arange(count) + rng.uniform(0, 0.7, size=count)) * (2 * np.pi / count)
    spikes = tuple((float(a), float(rng.uniform(0.4, 1)), float(rng.uniform(25, 80))) for a in angles)
    strength = 0.14 if spiculated else 0.04
    lobes = tuple((float(rng.uniform(0, strength)), float(rng.uniform(0, 2 * np.pi))) for _ in range(3))
    return Lesion((float(side * x), float(y)), radius, density, spiculation, spikes if spiculated else (), lobes)


def _sample_acquisition(rng: np.random.Generator) -> Acquisition:
    between = rng.uniform
    return Acquisition(
        rotation=float(np.clip(rng.normal(0, 0.04), -0.1, 0.1)),
        scale=between(0.92, 1.06),
        shift=(between(-0.06, 0.06), between(-0.05, 0.05)),
        exposure=between(-0.06, 0.06),
        contrast=between(0.85, 1.15),
        blur=between(0.003, 0.011),
        scatter=between(0.05, 0.25),
        noise=between(0.010, 0.030),
        tint=between(-1, 1),
        noise_seed=int(rng.integers(2**31)),
    )

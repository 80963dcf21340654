"""Procedural chest X-rays: a random anatomy, a random exposure, and a nodule whose every pixel is known.

A radiograph is a sum of thicknesses along the beam (Beer-Lambert: the logarithm of the dose is linear in them), so each
organ adds or removes density and a tone curve turns the sum into grey values. Organs are functions of continuous
coordinates, x and y in [-1, 1] from the upper left corner: the same factors give the same patient at every resolution.
"""

import math

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.data.phantom_factors import (
    LABELS,
    Acquisition,
    Anatomy,
    Lesion,
    PhantomFactors,
    PhantomLabel,
    sample_factors,
)

__all__ = ["LABELS", "Acquisition", "Anatomy", "Lesion", "PhantomFactors", "PhantomLabel", "draw", "sample_factors"]

Field = NDArray[np.floating]
MARKING_WAVES = 12
FINE_BELOW = 64  # Smaller images are drawn at twice their size and averaged.


def draw(factors: PhantomFactors, size: int, channels: int = 1) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Draw one radiograph.

    Args:
        factors: What to draw.
        size: Height and width in pixels.
        channels: 1, or 3 for a tinted film.

    Returns:
        The image, uint8 ``(size, size, channels)``, and the lesion's mask, bool ``(size, size)``.
    """
    fine = 2 if size < FINE_BELOW else 1
    x, y = _patient_coordinates(factors.acquisition, fine * size)
    density = _chest(factors.anatomy, x, y)
    mask = np.zeros(density.shape, dtype=np.bool_)
    if factors.lesion is not None:
        opacity, mask = _nodule(factors.lesion, x, y, 2 / len(x))
        density += opacity
    grey = _expose(_shrink(density, fine), factors.acquisition)
    return _film(grey, factors.acquisition.tint, channels), _shrink(mask.astype(np.float32), fine) >= 0.5


def _shrink(image: Field, factor: int) -> Field:
    """Average blocks of `factor` x `factor` pixels: ribs thinner than a pixel must not alias."""
    size = len(image) // factor
    result: Field = image.reshape(size, factor, size, factor).mean(axis=(1, 3))
    return result


def _patient_coordinates(acquisition: Acquisition, size: int) -> tuple[Field, Field]:
    """Return x and y in the patient's frame at every pixel's centre."""
    axis = ((np.arange(size, dtype=np.float32) + 0.5) * 2 / size - 1).astype(np.float32)
    x, y = axis[None, :] - acquisition.shift[0], axis[:, None] - acquisition.shift[1]
    cos, sin = math.cos(acquisition.rotation) / acquisition.scale, math.sin(acquisition.rotation) / acquisition.scale
    return (cos * x + sin * y).astype(np.float32), (cos * y - sin * x).astype(np.float32)


def _ramp(distance: Field, width: float) -> Field:
    """Go smoothly from 0 to 1 where a signed distance crosses zero."""
    t = np.clip(distance / np.float32(width) + 0.5, 0, 1)
    result: Field = t * t * (3 - 2 * t)
    return result


def _chest(anatomy: Anatomy, x: Field, y: Field) -> Field:
    """Return the density of everything but the nodule."""
    side = np.abs(x)
    body = _body(anatomy, side, y)
    lungs, dome = _lungs(anatomy, x, side, y)
    heart = _heart(anatomy, x, y)
    middle = _ramp(anatomy.mediastinum_width + 0.14 * np.maximum(y - 0.05, 0) - side, 0.16)
    air = lungs * (1 - 0.8 * np.maximum(heart, middle))
    density = body * (0.50 + anatomy.fat + 0.14 * _ramp(y - dome + 0.1, 0.5)) - 0.36 * air * body
    density += 0.10 * np.maximum(heart, middle) * body + _spine(side, y)
    density += (_ribs(anatomy, side, y) * (0.3 + 0.7 * lungs) + _clavicles(anatomy, side, y)) * body
    density += air * _markings(anatomy, x, y) - 0.20 * _stomach(anatomy, x, y)
    return density.astype(np.float32)


def _body(anatomy: Anatomy, side: Field, y: Field) -> Field:
    """Return the thickness of trunk, shoulders and neck, 0 to 1."""
    slope = _ramp(y - anatomy.shoulder_height + 0.10, 0.40)
    width = 0.26 + (anatomy.trunk_width + anatomy.fat - 0.26) * slope + 0.12 * _ramp(-0.25 - y, 0.5) * slope
    across = np.clip(1 - (side / width) ** 2, 0, 1)
    return np.sqrt(across)


def _lungs(anatomy: Anatomy, x: Field, side: Field, y: Field) -> tuple[Field, Field]:
    """Return the air of both lungs, 0 to 1, and the diaphragm's y."""
    cx, cy = anatomy.lung_center
    v = (y - cy) / anatomy.lung_height
    width = anatomy.lung_width * (1 - anatomy.apex_taper * np.clip(-v, 0, 1) ** 1.7)
    u = (side - cx + 0.14 * np.clip(-v, 0, 1)) / width
    outline = (1 - np.abs(u) ** 2.6 - np.abs(v) ** 2.8) * 0.18
    top = np.where(x < 0, np.float32(anatomy.diaphragm[0]), np.float32(anatomy.diaphragm[1]))
    dome = top + anatomy.dome_height * ((side - cx * 0.8) / anatomy.lung_width) ** 2
    return _ramp(outline, 0.09) * _ramp(dome - y, 0.04), dome


def _heart(anatomy: Anatomy, x: Field, y: Field) -> Field:
    """Return the heart, a tilted ellipse whose apex points to the patient's left (the image's right)."""
    cos, sin = math.cos(anatomy.heart_tilt), math.sin(anatomy.heart_tilt)
    dx, dy = x - 0.40 * anatomy.heart_width, y - (anatomy.diaphragm[1] - 0.75 * anatomy.heart_width)
    u, v = cos * dx + sin * dy, cos * dy - sin * dx
    radius = np.sqrt((u / (1.45 * anatomy.heart_width)) ** 2 + (v / (0.85 * anatomy.heart_width)) ** 2)
    return _ramp(1 - radius, 0.36)


def _stomach(anatomy: Anatomy, x: Field, y: Field) -> Field:
    """Return the gas bubble under the left dome."""
    dx, dy = (x - 0.42) / (0.7 * anatomy.stomach), (y - anatomy.diaphragm[1] - 0.13) / (0.35 * anatomy.stomach)
    return _ramp(1 - dx * dx - dy * dy, 0.6)


def _spine(side: Field, y: Field) -> Field:
    """Return the vertebrae and, above the carina, the air of the trachea."""
    column = np.exp(-((side / 0.11) ** 4))
    trachea = np.exp(-((side / 0.05) ** 2)) * _ramp(-0.28 - y, 0.15)
    result: Field = column * (0.10 + 0.02 * np.cos(y * (2 * math.pi / 0.16))) - 0.07 * trachea
    return result


def _ribs(anatomy: Anatomy, side: Field, y: Field) -> Field:
    """Return the posterior ribs, and fainter the anterior ones that cross them."""
    wall = anatomy.trunk_width * (0.92 - 0.5 * np.clip(-0.15 - y, 0, 1) ** 1.7)
    reach = _ramp(wall - side, 0.05) * _ramp(side - 0.08, 0.06)
    back = y - anatomy.rib_slope * side**2.2 + 0.22 * side
    front = y + 0.8 * (side - 0.15) * (1 - 0.9 * side)
    bands = _tubes(back / anatomy.rib_spacing + anatomy.rib_phase)
    crossing = _tubes(front / (1.2 * anatomy.rib_spacing) + 1.7 * anatomy.rib_phase) * _ramp(side - 0.25, 0.2)
    along = (bands + 0.5 * crossing) * (1 + 0.8 * np.exp(-(((wall - side) / 0.07) ** 2)))
    result: Field = anatomy.rib_density * reach * along * _ramp(0.75 - y, 0.4)
    return result


def _tubes(phase: Field) -> Field:
    """Return a tube at every whole phase, its walls denser than its middle."""
    offset: Field = np.abs(phase - np.rint(phase)) / 0.22
    inside = np.clip(1 - offset**4, 0, 1)
    return inside * (0.75 + 0.5 * offset**2)


def _clavicles(anatomy: Anatomy, side: Field, y: Field) -> Field:
    """Return both collar bones, slightly S-shaped."""
    line = anatomy.clavicle_height - 0.16 * side + 0.05 * np.sin(side * 6)
    offset = np.abs(y - line) / 0.042
    return 0.12 * np.clip(1 - offset**4, 0, 1) * (0.75 + 0.4 * offset**2) * _ramp(side - 0.09, 0.05)


def _markings(anatomy: Anatomy, x: Field, y: Field) -> Field:
    """Return vessels that radiate from the hila, and the parenchyma's fine texture."""
    rng = seeding.generator(anatomy.texture_seed, "phantom/texture")
    vessels = np.zeros_like(x)
    for hilum in (-1.25, 1.25):
        dx, dy = x - hilum * anatomy.mediastinum_width, y + 0.06
        radius = np.sqrt(dx * dx + dy * dy)
        angle = np.arctan2(dy, dx) + rng.uniform(0.1, 0.3) * np.sin(radius * 9 + rng.uniform(0, 6))
        rays = 0.5 * np.cos(9 * angle + rng.uniform(0, 6)) + 0.5 * np.cos(14 * angle + rng.uniform(0, 6))
        vessels += np.clip(rays, 0, 1) * np.exp(-radius * 3.2) * 0.8 + 0.45 * np.exp(-((radius / 0.13) ** 2))
    waves = rng.uniform(-28, 28, size=(2, MARKING_WAVES))
    phases = rng.uniform(0, 2 * np.pi, size=MARKING_WAVES)
    return (anatomy.markings * (0.26 * vessels + 0.017 * _waves(x, y, waves, phases))).astype(np.float32)


def _waves(x: Field, y: Field, waves: NDArray[np.float64], phases: NDArray[np.float64]) -> Field:
    """Return a sum of plane waves, smooth noise that does not depend on the resolution."""
    angle = np.multiply.outer(waves[0].astype(np.float32), x) + np.multiply.outer(waves[1].astype(np.float32), y)
    total: Field = np.cos(angle + phases.astype(np.float32)[:, None, None]).sum(axis=0)
    return total


def _nodule(lesion: Lesion, x: Field, y: Field, pixel: float) -> tuple[Field, NDArray[np.bool_]]:
    """Return the density and the mask of a nodule."""
    dx, dy = x - lesion.center[0], y - lesion.center[1]
    distance, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    outline = np.ones_like(x)
    for harmonic, (amplitude, phase) in enumerate(lesion.lobes, start=2):
        outline += amplitude * np.cos(harmonic * angle + phase)
    core = lesion.radius * outline
    edge = core
    if lesion.spikes:
        at, length, sharpness = np.array(lesion.spikes, dtype=np.float32).T[:, :, None, None]
        spikes = (length * np.exp(sharpness * (np.cos(angle - at) - 1))).max(axis=0)
        edge = core * (1 + lesion.spiculation * spikes)
    return _opacity(lesion, distance, core, edge, pixel), distance <= edge


def _opacity(lesion: Lesion, distance: Field, core: Field, edge: Field, pixel: float) -> Field:
    """Return a round core's density, and in the spikes one that fades outwards."""
    soft = max(0.25 * lesion.radius, pixel)
    ball = np.sqrt(np.clip(1 - 0.6 * (distance / core) ** 2, 0.4, 1)) * _ramp(core - distance, soft)
    spikes = _ramp(edge - distance, soft) * np.clip(1.35 - distance / edge, 0, 1)
    result: Field = (lesion.density * np.maximum(ball, 0.9 * spikes)).astype(np.float32)
    return result


def _expose(density: Field, acquisition: Acquisition) -> Field:
    """Return grey values in [0, 1]: blur, scatter, tone curve, noise."""
    size = len(density)
    sharp = _blur(density, acquisition.blur)
    veiled = (1 - acquisition.scatter) * sharp + acquisition.scatter * _blur(density, 0.45)
    tone = 1 / (1 + np.exp(-5.0 * acquisition.contrast * (veiled + acquisition.exposure - 0.42)))
    noise = seeding.generator(acquisition.noise_seed, "phantom/noise").standard_normal((size, size), dtype=np.float32)
    return tone + acquisition.noise * noise


def _blur(image: Field, sigma: float) -> Field:
    """Blur with a Gaussian of `sigma` half image widths; two matrix products, the edges renormalised."""
    at = np.arange(len(image), dtype=np.float32) * np.float32(2 / len(image) / sigma)
    kernel = np.exp(-0.5 * (at[:, None] - at[None, :]) ** 2)
    kernel /= kernel.sum(axis=1, keepdims=True)
    return kernel @ image @ kernel.T


def _film(grey: Field, tint: float, channels: int) -> NDArray[np.uint8]:
    """Return uint8 ``(H, W, C)``; three channels have the film base's tint."""
    weights = np.ones(1) if channels == 1 else np.array([1 - 0.06 * tint, 1.0, 1 + 0.06 * tint]) * 0.95
    pixels: NDArray[np.uint8] = np.clip(np.rint(grey[..., None] * weights * 255), 0, 255).astype(np.uint8)
    return pixels

"""Did the generator memorise its training images? Nearest neighbours, copies, and an attack on membership."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthetyk.core import seeding
from synthetyk.core.artifacts import Artifact
from synthetyk.core.config import Config
from synthetyk.core.errors import MetricError
from synthetyk.core.progress import Progress, silent
from synthetyk.data.dataset import Dataset, Subset
from synthetyk.evaluation.described import copies_of, described, described_subset, some, unmet
from synthetyk.evaluation.likeness import averaged, averaged_subset
from synthetyk.metrics.checks import Rows
from synthetyk.metrics.copies import find_copies
from synthetyk.metrics.extractor import FeatureExtractor
from synthetyk.metrics.membership import membership_auc
from synthetyk.metrics.neighbours import VOID_BELOW, nearest_neighbour_ratio

Verdict = Literal["copies", "signs", "no sign"]
Triple = tuple[Rows, Rows, Rows]

PIXELS = "pixels"
# An attack that is right less often than this between a member and another image tells too little to act on.
ATTACK_TELLS = 0.55
# An image that is only smoother than real ones can have a ratio of 0.71 in pixels.
PIXELS_TELL = 0.7
LIMITS = (
    "This is no proof of privacy: it looks at {count} images with two notions of likeness and one attack, and a "
    "generator can leak what none of them sees. A formal guarantee needs training with differential privacy."
)


class PrivacyConfig(Config):
    """How much is looked at.

    Attributes:
        reference_cap: Most training images that are searched for near neighbours; exact copies are sought among all.
        held_out_cap: Most validation images, and most training images that the attack is tried on.
        minimum: Validation images below which nothing can be concluded.
        seed: The run's seed.
    """

    reference_cap: int = Field(default=10_000, ge=1)
    held_out_cap: int = Field(default=2000, ge=1)
    minimum: int = Field(default=20, ge=2)
    seed: int = Field(default=0, ge=0)


class Space(Config):
    """What was found in one notion of likeness.

    Attributes:
        name: ``pixels`` or the feature network.
        ratio: Median distance to the nearest training image, synthetic over held-out.
        synthetic: Median distance of synthetic images.
        held_out: Median distance of held-out images.
        near: Synthetic images that lie suspiciously near a training image without equalling it, by their index.
        held_out_near: How many held-out images lie as near.
        threshold: The distance that counts as near.
        attack_auc: How well an attacker tells training images from others by their distance to the synthetic set.
        attack_low: Lower end of its 95% interval.
        attack_high: Upper end of it.
    """

    name: str
    ratio: float
    synthetic: float
    held_out: float
    near: tuple[int, ...]
    held_out_near: int
    threshold: float
    attack_auc: float
    attack_low: float
    attack_high: float


class Privacy(Artifact):
    """``privacy.json``.

    Attributes:
        verdict: ``copies``, ``signs`` of memorisation, or ``no sign``.
        sentence: The verdict in words.
        limits: What it does not say.
        synthetic: Synthetic images looked at.
        train: Training images searched for exact copies.
        reference: Training images searched for near neighbours.
        held_out: Validation images that show what innocence looks like.
        leaked: Validation images left out because a copy of them, or their patient, is in training.
        exact: Synthetic images whose pixels are those of a training image, mirrored or not, by their index.
        spaces: Near neighbours, in pixels and in features.
    """

    schema_name: ClassVar[str] = "privacy"

    verdict: Verdict
    sentence: str
    limits: str
    synthetic: int
    train: int
    reference: int
    held_out: int
    leaked: int
    exact: tuple[int, ...]
    spaces: tuple[Space, ...]


def audit(
    dataset: Dataset,
    images: NDArray[np.uint8],
    extractor: FeatureExtractor,
    config: PrivacyConfig,
    *,
    progress: Progress = silent,
) -> Privacy:
    """Look for training images in a synthetic set; held-out images are those of the validation split.

    Args:
        dataset: The data that the generator was trained on.
        images: The synthetic images, uint8 ``(M, C, H, W)``; take those that are to be shared.
        extractor: What compares beside pixels.
        config: How much to look at.
        progress: Told after each piece of work.

    Raises:
        MetricError: There are too few validation images without a copy or their patient in training.
    """
    train = reference(dataset, config)
    held_out = some(dataset.val, config.held_out_cap, config.seed, "privacy/held_out")
    sides = _Sides(images, train, unmet(held_out, dataset.train))
    if len(sides.held_out) < config.minimum or not len(images):
        raise MetricError(
            f"Found {len(images)} synthetic images, and {len(sides.held_out)} validation images "
            "without a copy or their patient in training",
            expected=f"at least 1 and {config.minimum}, to see what innocence looks like",
        )
    exact = copies_of(images, dataset.train) | copies_of(images[..., ::-1], dataset.train)
    progress(1, 4, "searched for exact copies")
    in_pixels = _space(PIXELS, sides.pixels(), sides, exact, config, mirrored=averaged(images[..., ::-1]))
    progress(2, 4, "compared in pixels")
    rows = sides.features(extractor)
    progress(3, 4, f"described by {extractor.name}")
    spaces = (in_pixels, _space(extractor.name, rows, sides, exact, config))
    progress(4, 4, f"compared in {extractor.name}")
    verdict, sentence = judge(len(images), int(exact.sum()), spaces, len(sides.held_out))
    return Privacy(
        verdict=verdict,
        sentence=sentence,
        limits=LIMITS.format(count=len(images)),
        synthetic=len(images),
        train=len(dataset.train),
        reference=len(train),
        held_out=len(sides.held_out),
        leaked=len(held_out) - len(sides.held_out),
        exact=tuple(int(index) for index in np.flatnonzero(exact)),
        spaces=spaces,
    )


def reference(dataset: Dataset, config: PrivacyConfig) -> Subset:
    """Return the training images that are searched for near neighbours."""
    return some(dataset.train, config.reference_cap, config.seed, "privacy/reference")


def judge(count: int, exact: int, spaces: Sequence[Space], held_out: int) -> tuple[Verdict, str]:
    """Return the verdict and its sentence.

    Copies: an exact one, or a larger share of near ones in pixels than held-out images show. Signs: the same in
    features, a nearest-neighbour ratio below 0.9 in features or 0.7 in pixels, or an attack that is right at least 0.55
    of the time with its interval above 0.5.

    Args:
        count: Synthetic images.
        exact: Exact copies.
        spaces: What was found in pixels and in features.
        held_out: Held-out images.
    """
    near = {
        space.name: f"{len(space.near)} of {count} are near copies in {space.name}"
        for space in spaces
        if len(space.near) / count > space.held_out_near / held_out
    }
    copies = [f"{exact} of {count} images equal a training image"] if exact else []
    copies += [words for name, words in near.items() if name == PIXELS]
    if copies:
        return "copies", f"Copies found: do not share. {', '.join(copies)}."
    signs = [*near.values(), *_ratio_signs(spaces), *_attack_signs(spaces)]
    if signs:
        return "signs", f"Signs of memorisation: {'; '.join(signs)}. Look at the nearest images before sharing."
    return "no sign", f"No sign of memorisation in {count} images."


def _ratio_signs(spaces: Sequence[Space]) -> list[str]:
    return [
        f"images lie {space.ratio:.2f} times as far from the training set as held-out ones in {space.name}"
        for space in spaces
        if space.ratio < (PIXELS_TELL if space.name == PIXELS else VOID_BELOW)
    ]


def _attack_signs(spaces: Sequence[Space]) -> list[str]:
    return [
        f"an attacker tells training images from others in {space.name} (AUC {space.attack_auc:.2f}, 95% interval "
        f"{space.attack_low:.2f} to {space.attack_high:.2f})"
        for space in spaces
        if space.attack_auc >= ATTACK_TELLS and space.attack_low > 0.5
    ]


@dataclass(frozen=True)
class _Sides:
    """The images on the three sides, each also as rows of pixels or of features."""

    images: NDArray[np.uint8]
    train: Subset
    held_out: Subset

    def pixels(self) -> Triple:
        """Return synthetic, training and held-out images, averaged down."""
        return averaged(self.images), averaged_subset(self.train), averaged_subset(self.held_out)

    def features(self, extractor: FeatureExtractor) -> Triple:
        """Return the features of synthetic, training and held-out images."""
        train, held_out = (described_subset(extractor, side).features for side in (self.train, self.held_out))
        return described(extractor, self.images).features, train, held_out


def _space(
    name: str,
    rows: Triple,
    sides: _Sides,
    exact: NDArray[np.bool_],
    config: PrivacyConfig,
    *,
    mirrored: Rows | None = None,
) -> Space:
    synthetic, train, held_out = rows
    ratio = nearest_neighbour_ratio(synthetic, train, held_out, seed=config.seed)
    copies = find_copies(synthetic, train, held_out)
    near = np.union1d(copies.exact, copies.near)
    if mirrored is not None:
        turned = find_copies(mirrored, train, held_out)
        near = np.union1d(near, np.union1d(turned.exact, turned.near))
    members = seeding.generator(config.seed, "privacy/members").permutation(len(train))[: config.held_out_cap]
    attack = membership_auc(
        train[members],
        held_out,
        synthetic,
        member_groups=sides.train.groups[members],
        non_member_groups=sides.held_out.groups,
        seed=config.seed,
    )
    return Space(
        name=name,
        ratio=ratio.ratio,
        synthetic=ratio.synthetic,
        held_out=ratio.held_out,
        near=tuple(int(index) for index in np.setdiff1d(near, np.flatnonzero(exact))),
        held_out_near=copies.held_out_near,
        threshold=copies.threshold,
        attack_auc=attack.value,
        attack_low=attack.low,
        attack_high=attack.high,
    )

"""ResNet (He et al., "Deep residual learning for image recognition", CVPR 2016), MONAI's, as torchvision has it."""

from collections import OrderedDict
from collections.abc import Mapping

from torch import Tensor, nn

from synthetyk.models.encoder import EncoderKind, EncoderShape, Standardised, State, initialise_published

BLOCKS = {"basic": (2, 2, 2, 2), "bottleneck": (3, 4, 6, 3)}
PLANES = (64, 128, 256, 512)


class ResNetEncoder(nn.Module):
    """All but the average and the last layer; parameter names are torchvision's.

    Args:
        shape: Of the images.
        block: ``basic`` (ResNet-18) or ``bottleneck`` (ResNet-50).
    """

    def __init__(self, shape: EncoderShape, block: str) -> None:
        super().__init__()
        from monai.networks.nets.resnet import ResNet

        net = ResNet(
            block,
            list(BLOCKS[block]),
            list(PLANES),
            spatial_dims=2,
            n_input_channels=shape.channels,
            conv1_t_stride=1 if shape.small else 2,
            feed_forward=False,
            bias_downsample=False,
        )
        self.standardised = Standardised(shape.channels)
        names = ["conv1", "bn1", "act", *([] if shape.small else ["maxpool"]), *(f"layer{n}" for n in range(1, 5))]
        self.body = nn.Sequential(OrderedDict((name, getattr(net, name)) for name in names))
        self.dimension = PLANES[-1] * (4 if block == "bottleneck" else 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, C, H, W)`` to ``(N, dimension, H / 32, W / 32)``, of small images ``H / 8``."""
        maps: Tensor = self.body(self.standardised(x))
        return maps


def published(state: Mapping[str, Tensor]) -> State:
    """Return torchvision's weights without the classifier."""
    return {f"body.{name}": value for name, value in state.items() if not name.startswith("fc.")}


def _kind(depth: int, block: str) -> EncoderKind:
    return EncoderKind(
        summary=f"ResNet-{depth}",
        build=lambda shape: ResNetEncoder(shape, block),
        initialise=initialise_published,
        published=published,
        first="body.conv1.weight",
    )


RESNET18 = _kind(18, "basic")
RESNET50 = _kind(50, "bottleneck")

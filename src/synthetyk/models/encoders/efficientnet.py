"""EfficientNet-B0 (Tan and Le, "EfficientNet: Rethinking model scaling", ICML 2019), MONAI's, padded as torchvision's.

MONAI pads as TensorFlow does, one pixel more on the right where a convolution halves an even map; with torchvision's
weights every halving would then look half a pixel aside. Stochastic depth is off, since it draws from torch's global
generator.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from synthetyk.models.encoder import EncoderKind, EncoderShape, Standardised, State, initialise_published

# torchvision's number of each part of a block with expansion, and MONAI's name for it. Without, they begin at 1.
EXPANSION = (("0.0", "_expand_conv"), ("0.1", "_bn0"))
PARTS = (
    ("1.0", "_depthwise_conv"),
    ("1.1", "_bn1"),
    ("2.fc1", "_se_reduce"),
    ("2.fc2", "_se_expand"),
    ("3.0", "_project_conv"),
    ("3.1", "_bn2"),
)
REPEATS = (1, 2, 2, 3, 3, 4, 1)
DIMENSION = 1280


class EfficientNetEncoder(nn.Module):
    """All but the average and the last layer.

    Args:
        shape: Of the images.
    """

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        from monai.networks.nets.efficientnet import EfficientNetBN, MBConvBlock

        norm = ("batch", {"eps": 1e-5, "momentum": 0.1})
        self.net: Any = EfficientNetBN("efficientnet-b0", pretrained=False, in_channels=shape.channels, norm=norm)
        self.net.set_swish(memory_efficient=False)  # the other one cannot be exported
        for module in list(self.net.modules()):
            _pad_evenly(module)
            if isinstance(module, MBConvBlock):
                module.drop_connect_rate = 0.0
        if shape.small:
            self.net._conv_stem.stride = (1, 1)
        del self.net._avg_pooling, self.net._dropout, self.net._fc
        self.standardised = Standardised(shape.channels)
        self.dimension = DIMENSION

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, C, H, W)`` to ``(N, 1280, H / 32, W / 32)``, of small images ``H / 16``."""
        net = self.net
        x = net._swish(net._bn0(net._conv_stem(self.standardised(x))))
        maps: Tensor = net._swish(net._bn1(net._conv_head(net._blocks(x))))
        return maps


def published(state: Mapping[str, Tensor]) -> State:
    """Return torchvision's weights under MONAI's names, without the classifier; what is not known keeps its name."""
    names = dict(_names())
    return {_renamed(name, names): value for name, value in state.items() if not name.startswith("classifier.")}


def _names() -> Iterator[tuple[str, str]]:
    """Yield torchvision's name of every part, and ours."""
    yield from (("features.0.0", "net._conv_stem"), ("features.0.1", "net._bn0"))
    yield from (("features.8.0", "net._conv_head"), ("features.8.1", "net._bn1"))
    index = 0
    for stage, repeats in enumerate(REPEATS, start=1):
        for block in range(repeats):
            for number, part in PARTS if stage == 1 else EXPANSION + PARTS:
                place = f"{int(number[0]) - (stage == 1)}{number[1:]}"
                yield f"features.{stage}.{block}.block.{place}", f"net._blocks.{stage - 1}.{index}.{part}"
            index += 1


def _renamed(name: str, names: Mapping[str, str]) -> str:
    part, _, parameter = name.rpartition(".")
    return f"{names[part]}.{parameter}" if part in names else name


def _pad_evenly(module: nn.Module) -> None:
    """Have each convolution pad itself by half its kernel on every side."""
    for name, _ in list(module.named_children()):
        if name.endswith("_padding"):
            conv = getattr(module, name.removesuffix("_padding"))
            if isinstance(conv, nn.Conv2d):
                conv.padding = tuple(side // 2 for side in conv.kernel_size)
            setattr(module, name, nn.Identity())


EFFICIENTNET_B0 = EncoderKind(
    summary="EfficientNet-B0",
    build=EfficientNetEncoder,
    initialise=initialise_published,
    published=published,
    first="net._conv_stem.weight",
)

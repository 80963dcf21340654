from synthetyk.models.gan_network import NetworkConfig
from synthetyk.pipeline.speeds import MeasuredSpeeds
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.gan_config import GANConfig


def test_speeds_are_measured_for_the_planned_shape():
    network = NetworkConfig(resolution=28, channels=1, classes=2, width=4)
    assert MeasuredSpeeds(seconds=0.1).gan(GANConfig(network=network, batch_size=8)) > 0
    config = ClassifierConfig(width=8, batch_size=4)
    assert 0 < MeasuredSpeeds().classifier(config, channels=3, resolution=28) < 10

import pytest
import torch

from synthetyk.core.errors import ConfigError
from synthetyk.models.gan_network import NetworkConfig
from synthetyk.training.gan import GAN
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.spread import spread_loss
from synthetyk.training.step_inputs import StepInputs

SPECTRAL = {
    "network": NetworkConfig(architecture="spectral", resolution=28, classes=2, width=4, latent=8),
    "loss": "hinge",
    "betas": (0.0, 0.99),
}
PER_CLASS = SPECTRAL | {"network": SPECTRAL["network"].replace(discriminator="per_class")}


def batch(seed=0, classes=2):
    generator = torch.Generator().manual_seed(seed)
    real = torch.rand(16, 1, 28, 28, generator=generator) * 2 - 1
    return real, torch.arange(16) % 2 if classes else None


def trained(config, steps=3, attempt=0):
    gan = GAN(config, attempt)
    for step in range(steps):
        gan.train_step(*batch(step, config.network.classes), step)
    return gan


def same(one, two):
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_each_step_changes_only_its_own_network(tiny):
    gan = GAN(tiny())
    real, labels = batch()
    generator = gan.generator.state_dict()
    before = {name: value.clone() for name, value in generator.items()}
    given = StepInputs(real, labels, torch.randn(16, 8), None)
    gan.discriminator_step(given, real, penalised=False)
    assert same(before, generator)
    discriminator = {name: p.detach().clone() for name, p in gan.discriminator.named_parameters()}
    gan.generator_step(given, gan.generator(given.noise, labels), torch.zeros(16))
    assert same(discriminator, dict(gan.discriminator.named_parameters()))
    assert not torch.equal(before["project.weight"], gan.generator.project.weight)


def test_a_step_reports_losses_accuracies_and_gradient(tiny):
    values = GAN(tiny()).train_step(*batch(), 0)
    assert values.keys() == {"d_loss", "g_loss", "d_real_accuracy", "d_fake_accuracy", "g_gradient"}
    assert 0 <= values["d_real_accuracy"] <= 1
    assert values["d_loss"] == pytest.approx(1.4, abs=1)
    assert values["g_gradient"] > 0


@pytest.mark.parametrize("changes", [{}, {"augment": "color,translation,cutout"}, {"optimizer": "rmsprop"}])
def test_the_same_settings_give_the_same_bits(tiny, changes):
    config = tiny(**changes)
    assert same(trained(config).tensors(), trained(config).tensors())


@pytest.mark.parametrize("changes", [{"seed": 1}, {"augment": "color"}, {"precision": "bf16"}, {"betas": (0.9, 0.99)}])
def test_other_settings_give_other_bits(tiny, changes):
    assert not same(trained(tiny()).tensors(), trained(tiny(**changes)).tensors())


def test_another_attempt_draws_other_numbers_and_learns_more_slowly(tiny):
    config = tiny(rollback_rate=0.5)
    first, second = trained(config), trained(config, attempt=2)
    assert not same(first.tensors(), second.tensors())
    assert second.learning_rates == tuple(rate / 4 for rate in first.learning_rates)
    assert second.optimizer_d.param_groups[0]["lr"] == config.learning_rate_d / 4


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": "rmsprop"},
        {"classes": 0},
        {"ema_half_life_kimg": 0},
        {"precision": "bf16"},
        SPECTRAL,
        PER_CLASS,
        {**PER_CLASS, "precision": "bf16"},
    ],
)
def test_a_restored_gan_goes_on_as_if_it_had_not_stopped(tiny, changes):
    config = tiny(**changes)
    whole = trained(config, 5)
    stopped, restored = trained(config, 3), GAN(config)
    restored.load_tensors({name: value.contiguous() for name, value in stopped.tensors().items()})
    for step in (3, 4):
        restored.train_step(*batch(step, config.network.classes), step)
    assert same(whole.tensors(), restored.tensors())


def test_the_short_average_has_a_fifth_of_the_half_life(tiny):
    config = tiny(ema_half_life_kimg=0.02)  # 20 images, after the first 400
    batch_size, steps = config.batch_size, 60
    gan = GAN(config)
    expected = {kind: average.network.state_dict()["project.weight"].clone() for kind, average in gan.averages.items()}
    for step in range(steps):
        gan.train_step(*batch(step), step)
        for kind, half_life in (("ema", 20), ("short", 4)):
            kept = 0.5 ** (batch_size / (half_life * min(1, 0.05 * step * batch_size / 20))) if step else 0
            expected[kind] = kept * expected[kind] + (1 - kept) * gan.generator.state_dict()["project.weight"]
    assert steps * batch_size > 400
    for kind, average in gan.averages.items():
        torch.testing.assert_close(average.network.state_dict()["project.weight"], expected[kind])
    assert not torch.equal(expected["ema"], expected["short"])


def test_a_gan_from_before_there_was_a_short_average_goes_on(tiny):
    config = tiny()
    gan, restored = trained(config), GAN(config)
    restored.load_tensors({name: value for name, value in gan.tensors().items() if not name.startswith("short.")})
    raw, short = restored.generator.state_dict(), restored.averages["short"].network.state_dict()
    assert same(raw, short)
    assert same(gan.ema.network.state_dict(), restored.ema.network.state_dict())


def test_mixed_precision_keeps_weights_and_logits_in_32_bits(tiny):
    gan = trained(tiny(precision="bf16"))
    assert {p.dtype for p in gan.generator.parameters()} == {torch.float32}
    assert gan._score_both(batch()[0], batch()[1][:8], precise=False).dtype == torch.float32


def test_a_weight_that_is_no_number_is_seen(tiny):
    gan = GAN(tiny())
    assert gan.finite()
    with torch.no_grad():
        gan.discriminator.score.bias.fill_(float("nan"))
    assert not gan.finite()


def test_an_unknown_augmentation_is_refused():
    with pytest.raises(ConfigError, match="color, translation, cutout"):
        GANConfig.parse({"augment": "color,flip"})


def test_a_class_that_a_batch_lacks_is_neither_learnt_nor_forgotten(tiny):
    gan = trained(tiny(**PER_CLASS))
    other = gan.discriminator.parts[1]
    before = {name: value.clone() for name, value in other.state_dict().items()}
    gan.train_step(batch(9)[0], torch.zeros(16, dtype=torch.int64), 3)
    assert same(other.state_dict(), before)


def test_a_condition_that_is_not_there_cannot_fade_in(tiny):
    with pytest.raises(ConfigError, match="a ramp of 0"):
        tiny(**PER_CLASS, ramp=0.5)


def test_a_ramp_fades_the_class_in_and_ends_where_it_is_fully_told(tiny):
    gan = GAN(tiny(ramp=0.4))
    strengths = []
    for step, done in enumerate((0.0, 0.2, 0.3, 0.4, 1.0)):
        gan.train_step(*batch(step), step, done)
        strengths.append(gan.discriminator.by_class.strength.item())
    assert strengths == pytest.approx([0, 0, 0.5, 1, 1])
    assert gan.generator.condition.strength.item() == 1


def test_a_weight_on_the_spread_makes_generated_images_as_varied_as_real_ones(tiny):
    def too_little(gan):
        real, labels = batch(99)
        fake = gan.generator(torch.randn(16, 8, generator=torch.Generator().manual_seed(0)), labels)
        return spread_loss(fake, real).item()

    plain, held = (trained(tiny(spread=weight, learning_rate_g=2e-3), steps=30) for weight in (0, 20))
    assert too_little(held) < 0.8 * too_little(plain)


def test_a_cooldown_lowers_the_learning_rates_to_nothing(tiny):
    gan = GAN(tiny(cooldown=0.5))
    rates = []
    for step, done in enumerate((0.0, 0.5, 0.75, 1.0)):
        gan.train_step(*batch(step), step, done)
        rates.append(gan.optimizer_g.param_groups[0]["lr"])
    assert rates == pytest.approx([2e-4, 2e-4, 1e-4, 0])


@pytest.mark.parametrize("loss", ["bce", "hinge", "relativistic"])
def test_penalties_are_paid_every_few_steps_and_change_what_is_learned(tiny, loss):
    network = NetworkConfig(architecture="residual", resolution=28, classes=2, width=4, width_limit=8, latent=8)
    plain = {"network": network, "loss": loss, "penalty_every": 2}
    free, paid = trained(tiny(**plain), 2), trained(tiny(**plain, r1=10, r2=10), 2)
    assert not same(free.tensors(), paid.tensors())
    assert all(value.isfinite().all() for value in paid.tensors().values())
    assert [paid.penalised(step) for step in range(4)] == [True, False, True, False]
    assert not any(free.penalised(step) for step in range(4))

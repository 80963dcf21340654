import pytest
import torch

from synthetyk.training.captured import WARM_UP, CapturedSteps
from synthetyk.training.gan import GAN, VALUES
from synthetyk.training.step_inputs import StepInputs

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


class Tape:
    """Records calls as a GPU does: what is recorded reads the same places whenever it is replayed."""

    def __init__(self, broken=False):
        self.broken, self.warmed, self.recorded, self.replayed = broken, 0, 0, 0

    def warm_up(self, call):
        self.warmed += 1
        return call()

    def record(self, call):
        if self.broken:
            raise RuntimeError("operation not permitted when stream is capturing")
        self.recorded += 1

        def replay():
            self.replayed += 1
            return call()

        return replay


def given(value):
    return StepInputs(torch.full((2,), value), None, torch.zeros(2), None)


def summing(inputs, penalised):
    return {"sum": inputs.real.sum() + (100 if penalised else 0)}


@pytest.fixture
def weights():
    return [torch.zeros(3)]


def run(steps, count, penalised=False):
    return [steps(given(float(number)), penalised)["sum"].item() for number in range(count)]


def test_a_step_is_warmed_up_then_recorded_once_and_replayed(weights):
    tape = Tape()
    steps = CapturedSteps(summing, lambda: weights, tape)
    assert run(steps, WARM_UP + 4) == [2.0 * number for number in range(WARM_UP + 4)]
    assert (tape.warmed, tape.recorded, tape.replayed) == (WARM_UP, 1, 4)


def test_each_kind_of_step_has_a_record_of_its_own(weights):
    tape = Tape()
    steps = CapturedSteps(summing, lambda: weights, tape)
    run(steps, WARM_UP + 1)
    assert run(steps, WARM_UP + 2, penalised=True)[-1] == 100 + 2 * (WARM_UP + 1)
    assert run(steps, 2) == [0, 2]
    assert tape.recorded == 2


def test_a_weight_that_has_moved_is_recorded_again(weights):
    tape = Tape()
    steps = CapturedSteps(summing, lambda: weights, tape)
    run(steps, WARM_UP + 2)
    weights[0] = weights[0].clone()
    assert run(steps, 2) == [0, 2]
    assert tape.recorded == 2


def test_what_cannot_be_recorded_is_computed_step_by_step(weights, caplog):
    tape = Tape(broken=True)
    steps = CapturedSteps(summing, lambda: weights, tape)
    assert run(steps, WARM_UP + 3) == [2.0 * number for number in range(WARM_UP + 3)]
    assert tape.replayed == 0
    assert [record.message for record in caplog.records] == [
        "The step cannot be recorded as a CUDA graph, training goes on without: operation not permitted when stream is"
        " capturing"
    ]


def trained(config, *, captured, steps=24):
    gan = GAN(config)
    assert isinstance(gan._compute, CapturedSteps)
    if not captured:
        gan._compute = gan.compute_step
    random = torch.Generator().manual_seed(1)
    for step in range(steps):
        real = torch.rand(16, 1, 28, 28, generator=random).mul(2).sub(1).to("cuda")
        values = gan.train_step(real, (torch.arange(16) % 2).to("cuda"), step, done=step / steps)
    return gan, torch.stack([values[name] for name in VALUES])


@needs_gpu
@pytest.mark.parametrize(
    ("architecture", "discriminator"), [("spectral", "shared"), ("residual", "shared"), ("spectral", "per_class")]
)
def test_a_recorded_training_is_the_training_that_was_not_recorded(tiny, architecture, discriminator):
    network = tiny().network.replace(architecture=architecture, discriminator=discriminator)
    paid = {"r1": 1.0, "r2": 1.0, "penalty_every": 4} if architecture == "residual" else {"spread": 1.0}
    ramp = 0.3 if discriminator == "shared" else 0.0
    config = tiny(network=network, device="cuda", cooldown=0.5, ramp=ramp, augment="translation", **paid)
    (one, ended), (other, otherwise) = (trained(config, captured=captured) for captured in (True, False))
    assert len(one._compute._replays) == (2 if architecture == "residual" else 1)
    torch.testing.assert_close(ended, otherwise, rtol=0.05, atol=0.02)
    for name, weight in one.ema.network.named_parameters():
        torch.testing.assert_close(weight, other.ema.network.get_parameter(name), rtol=0.05, atol=0.005)


@needs_gpu
def test_a_recorded_training_goes_on_from_its_own_checkpoint(tiny):
    config = tiny(network=tiny().network.replace(architecture="spectral"), device="cuda")
    gan, _ = trained(config, captured=True)
    saved = {name: tensor.clone() for name, tensor in gan.tensors().items()}
    trained_on = GAN(config)
    trained_on.load_tensors(saved)
    assert all(torch.equal(tensor, saved[name]) for name, tensor in trained_on.tensors().items())
    real, labels = torch.zeros(16, 1, 28, 28, device="cuda"), torch.zeros(16, dtype=torch.int64, device="cuda")
    for step in range(24, 32):
        values = trained_on.train_step(real, labels, step)
    assert torch.stack(list(values.values())).isfinite().all()

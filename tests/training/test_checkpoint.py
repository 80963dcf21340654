import pytest
import torch

from synthetyk.training.checkpoint import (
    Checkpoint,
    CheckpointCard,
    CheckpointStore,
    load_optimizer,
    optimizer_tensors,
    tensors_under,
)


def checkpoint(step, attempt=0, good=True):
    card = CheckpointCard(step=step, attempt=attempt, good=good, state={"a": [1, 0.1]})
    return Checkpoint(card, {"x": torch.full((3, 2), float(step))})


def saved(folder, *checkpoints):
    store = CheckpointStore(folder / "checkpoints")
    for one in checkpoints:
        store.save(one)
    return store


def names(store):
    return sorted(path.name for path in store.folder.iterdir())


def test_what_was_saved_comes_back(tmp_path):
    found, damage = saved(tmp_path, checkpoint(7)).newest()
    assert torch.equal(found.tensors["x"], torch.full((3, 2), 7.0))
    assert (found.card.step, found.card.state, damage) == (7, {"a": [1, 0.1]}, [])


def test_an_empty_folder_has_none(tmp_path):
    store = CheckpointStore(tmp_path / "checkpoints")
    assert store.newest() == (None, [])
    assert store.newest_good() is None


def test_the_last_two_are_kept(tmp_path):
    assert names(saved(tmp_path, *map(checkpoint, (1, 2, 3, 4)))) == ["0-00000003", "0-00000004"]


def test_the_last_good_one_is_kept_as_well(tmp_path):
    bad = (checkpoint(step, good=False) for step in (3, 4, 5))
    store = saved(tmp_path, checkpoint(1), checkpoint(2), *bad)
    assert names(store) == ["0-00000002", "0-00000004", "0-00000005"]
    assert store.newest_good().card.step == 2


def test_a_later_attempt_is_newer_whatever_its_step(tmp_path):
    assert saved(tmp_path, checkpoint(9), checkpoint(4, attempt=1)).newest()[0].card.attempt == 1


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: (folder / "tensors.safetensors").write_bytes(b"cut"),
        lambda folder: (folder / "tensors.safetensors").unlink(),
        lambda folder: (folder / "state.json").write_text('{"schema": "checkpoint/1", "st'),
        lambda folder: (folder / "state.json").unlink(),
    ],
)
def test_a_damaged_one_is_passed_over_and_said(tmp_path, harm):
    store = saved(tmp_path, checkpoint(1), checkpoint(2))
    harm(store.folder / "0-00000002")
    found, damage = store.newest()
    assert found.card.step == 1
    assert len(damage) == 1
    assert "0-00000002" in damage[0]
    assert store.newest_good().card.step == 1
    store.save(checkpoint(3, good=False))
    assert names(store)[0] == "0-00000001"


def test_what_a_kill_left_aside_is_no_checkpoint_and_is_no_obstacle(tmp_path):
    store = saved(tmp_path, checkpoint(1))
    (store.folder / ".0-00000002.tmp").mkdir()
    assert store.newest()[0].card.step == 1
    store.save(checkpoint(2))
    assert store.newest()[0].card.step == 2


def test_saving_the_same_step_again_replaces_it(tmp_path):
    store = saved(tmp_path, checkpoint(1, good=False), checkpoint(1, good=True))
    assert store.newest()[0].card.good


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.RMSprop])
def test_an_optimiser_goes_on_as_if_it_had_not_stopped(kind):
    def start():
        weight = torch.nn.Parameter(torch.ones(4, 3, 2, 2).contiguous(memory_format=torch.channels_last))
        return weight, kind([weight], lr=0.1)

    def step(weight, optimizer):
        weight.grad = torch.arange(48.0).reshape(4, 3, 2, 2).contiguous(memory_format=torch.channels_last)
        optimizer.step()

    weight, optimizer = start()
    step(weight, optimizer)
    other, resumed = start()
    other.data.copy_(weight.data)
    load_optimizer(resumed, {name: value.contiguous() for name, value in optimizer_tensors(optimizer).items()})
    for pair in ((weight, optimizer), (other, resumed)):
        step(*pair)
    assert torch.equal(weight, other)
    memory = resumed.state[other]
    assert all(value.stride() == other.stride() for value in memory.values() if value.shape == other.shape)


def test_tensors_under_a_prefix_lose_it():
    one, two = torch.ones(1), torch.ones(2)
    assert tensors_under("g", {"g.a.b": one, "gg.c": two}) == {"a.b": one}

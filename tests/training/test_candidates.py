import pytest
import torch
from torch import nn

from synthetyk.training.candidates import Candidates, Moment


def scored(*values):
    left = iter(values)
    return lambda sampler: next(left)


def add(candidates, step, weight, **others):
    """Add a candidate whose only weight is known."""
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, weight)
    return candidates.add(Moment(step, 0, step / 10), {"ema": network, **others}, lambda network: network)


def files(folder):
    return sorted(path.name for path in folder.glob("*"))


def test_without_an_evaluation_nothing_is_kept(tmp_path):
    candidates = Candidates(tmp_path, None)
    assert add(candidates, 1, 1.0) == {}
    assert candidates.choose() is None
    assert candidates.memorising() is None
    assert files(tmp_path) == []


def test_the_best_ones_weights_come_back_and_those_that_cannot_win_are_deleted(tmp_path):
    candidates = Candidates(tmp_path, scored({"val_kd": 0.3}, {"val_kd": 0.1}, {"val_kd": 0.2}))
    for step, weight in ((1, 1.0), (2, 2.0), (3, 3.0)):
        add(candidates, step, weight)
    assert candidates.choose().weights["weight"].item() == 2.0
    assert files(tmp_path) == ["0-00000002-ema.safetensors"]


def test_raw_scores_are_logged_under_their_own_names(tmp_path):
    candidates = Candidates(tmp_path, scored({"val_kd": 0.3}, {"val_kd": 0.1}))
    assert add(candidates, 1, 1.0, raw=nn.Linear(1, 1)) == {"val_kd": 0.3, "raw_val_kd": 0.1}


def test_the_networks_are_left_as_they_were(tmp_path):
    network = nn.BatchNorm2d(2).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}

    def evaluate(network):
        assert not network.training
        nn.init.zeros_(network.weight)
        return {"val_kd": 0.1}

    Candidates(tmp_path, evaluate).add(Moment(1, 0, 0.1), {"raw": network}, lambda network: network)
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_what_is_remembered_chooses_the_same_file(tmp_path):
    candidates = Candidates(tmp_path, scored({"val_kd": 0.1}, {"val_kd": 0.2}))
    add(candidates, 1, 5.0)
    add(candidates, 2, 6.0)
    again = Candidates(tmp_path, None)
    again.load_state_dict(candidates.state_dict())
    assert again.choose().weights["weight"].item() == 5.0


@pytest.mark.parametrize(("copies", "said"), [(0.0, False), (30.0, True)])
def test_copies_at_two_looks_are_memorisation(tmp_path, copies, said):
    candidates = Candidates(tmp_path, lambda sampler: {"val_kd": 0.1, "near_copies": copies})
    for step in (1, 2):
        add(candidates, step, 1.0)
    finding = candidates.memorising()
    assert bool(finding) is said
    assert finding is None or finding.kind == "memorising"


def test_a_best_candidate_without_its_file_gives_way_to_the_next(tmp_path):
    candidates = Candidates(
        tmp_path, scored({"val_kd": 0.1, "val_auc": 0.9}, {"val_kd": 0.105, "val_kd_error": 0.01, "val_auc": 0.8})
    )
    add(candidates, 1, 5.0)
    add(candidates, 2, 6.0)
    best = candidates.selection.best
    (tmp_path / f"0-{best.step:08d}-ema.safetensors").unlink()
    assert candidates.choose().kimg != best.kimg

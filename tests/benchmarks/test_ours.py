"""Our side of the comparison keeps to its budget."""

from types import SimpleNamespace

import pytest
from benchmarks.gan import ours


@pytest.mark.parametrize(("spent", "lost"), [(99 - ours.LAST_SECONDS, 0), (101 - ours.LAST_SECONDS, 70)])
def test_a_training_whose_budget_is_used_up_ends(tmp_path, monkeypatch, spent, lost):
    now = [0.0]
    trainer = SimpleNamespace(at=SimpleNamespace(step=30, lost=0), total_steps=100)

    def train(wish, folder, clock, look):
        now[0] = spent
        look(trainer)
        result = SimpleNamespace(findings=(), chosen="", rollbacks=0, kimg=1.0)
        return SimpleNamespace(kimg=2.0, precision="fp32"), result

    monkeypatch.setattr(ours, "cpu_seconds", lambda: now[0])
    monkeypatch.setattr(ours, "_train", train)
    ours.train_ours(None, 100.0, 0, 1, tmp_path)
    assert trainer.at.lost == lost

from synthetyk.data.classes import classes_of
from synthetyk.data.fingerprint import inspect
from synthetyk.pipeline.facts import facts_of


def test_all_images_are_either_trained_on_or_judged():
    found = inspect("phantom:n=120,size=32").fingerprint
    facts = facts_of(found, 1, classes_of(found.classes.names, {}))
    assert facts.images == sum(splits["train"] for splits in found.classes.counts.values())
    assert facts.images + facts.judged == found.images
    assert facts.judged > 0

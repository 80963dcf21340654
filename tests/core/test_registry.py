from importlib.metadata import entry_points

import pytest

from synthetyk.core.errors import UnknownNameError
from synthetyk.core.registry import Registry


def test_every_built_in_of_every_group_loads():
    groups = [group for group in entry_points().groups if group.startswith("synthetyk.")]
    assert groups
    for group in groups:
        registry = Registry(group, "thing")
        assert [name for name, _ in registry.items()] == registry.names()


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="no data source called 'foldr'.*Did you mean 'folder'"):
        Registry("synthetyk.sources", "data source").load("foldr")

from synthetyk.core.progress import part_of


def test_a_part_is_told_as_progress_of_the_whole():
    told = []
    part = part_of(lambda done, total, message="": told.append((done, total, message)), 3, 10)
    part(2, 4, "half of it")
    assert told == [(5, 10, "half of it")]

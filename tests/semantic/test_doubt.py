"""Where meaning is heard as a witness: between what two profiles take for a copy, only there."""

from dataclasses import fields

from autodedup.engine.match.thresholds import Thresholds


def test_what_is_in_doubt_lies_between_the_balanced_limits_and_the_loose_ones() -> None:
    balanced = Thresholds()
    doubt, loose = balanced.in_doubt(), balanced.of_profile("loose")
    looser = 0
    for field in fields(Thresholds):
        if field.name == "profile":
            continue
        usual, limit, last = (getattr(one, field.name) for one in (balanced, doubt, loose))
        assert min(usual, last) <= limit <= max(usual, last), field.name
        looser += limit != usual
    assert looser

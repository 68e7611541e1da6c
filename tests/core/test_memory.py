"""What many ask for stays; what only one asks for is not kept."""

from newsletter.core.memory import Recent


def test_an_answer_is_kept_from_the_second_time_on():
    recent = Recent(4)

    recent.add("agents", 1)
    assert recent.get("agents") is None
    recent.add("agents", 1)

    assert recent.get("agents") == 1


def test_no_more_answers_are_kept_than_it_may_hold():
    recent = Recent(4)

    for key in range(50):
        recent.add(key, key)
        recent.add(key, key)
        assert len(recent) <= 4
        assert recent[key] == key


def test_what_is_kept_is_not_new_again_however_many_others_were_asked_for():
    recent = Recent(4)
    recent.add("agents", 1)
    recent.add("agents", 1)

    assert all(recent.is_new(key) for key in range(50))

    assert not recent.is_new("agents")
    assert recent["agents"] == 1


def test_who_asked_is_forgotten_after_a_while():
    recent = Recent(4)
    recent.is_new("agents")

    for key in range(50):
        recent.is_new(key)

    assert recent.is_new("agents")

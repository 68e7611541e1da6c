"""Subscribe, confirm, recover a lost link: what the pages show and what they keep."""

from builders import add_reader, wishes
from visits import confirmation, rows, unsubscribe

from newsletter.core.subscribers import Status, TopicText, Wishes


def test_subscribing_waits_for_a_confirmation(client, newsletter):
    answer = client.post("/subscribe", data=rows(("Agents", "agents"), address="eve@example.org"))

    assert answer.status_code == 200
    assert "Check your inbox" in answer.text
    reader = newsletter.subscriber("eve@example.org")
    assert reader.status is Status.PENDING
    assert reader.wishes.topics == (TopicText(name="Agents", filter="agents"),)
    assert [view.kind for view in newsletter.deliveries()] == ["confirm"]


def test_the_answer_never_tells_whether_an_address_is_known(client, newsletter, ada):
    left = add_reader(newsletter, "bob")
    client.post(unsubscribe(newsletter, left))

    answers = {
        client.post("/subscribe", data=rows(("A", "a"), address=f"{name}@example.org")).content
        for name in ("ada", "bob", "new", "new")
    }

    assert len(answers) == 1


def test_all_wishes_of_the_form_are_kept(client, newsletter):
    fields = rows(
        ("Agents", "agents"),
        ("", "robot*  AND arm"),
        address="eve@example.org",
        cadence="weekly",
        weekday="2",
        hour="18",
        time_zone="Asia/Tokyo",
    )
    client.post("/subscribe", data=fields)

    kept = newsletter.subscriber("eve@example.org").wishes
    assert kept == Wishes(
        topics=(
            TopicText(name="Agents", filter="agents"),
            TopicText(name="robot* AND arm", filter="robot* arm"),
        ),
        cadence="weekly",
        weekday=2,
        hour=18,
        time_zone="Asia/Tokyo",
    )


def test_each_problem_stands_at_its_field_and_nothing_typed_is_lost(client, newsletter):
    fields = rows(("Mine", "(agents autor:x"), address="ada at home", hour="9", time_zone="Mars")
    answer = client.post("/subscribe", data=fields)

    assert answer.status_code == 422
    for problem in ("address-problem", "topics-0-filter-problem", "time_zone-problem"):
        assert f'id="{problem}"' in answer.text
    assert "did you mean <code>author:</code>?" in answer.text
    assert "\n        ^</pre>" in answer.text
    for typed in ('value="ada at home"', 'value="(agents autor:x"', 'value="Mine"', 'value="Mars"'):
        assert typed in answer.text
    assert '<option value="9" selected>' in answer.text
    assert newsletter.subscribers() == ()


def test_no_topic_is_a_problem_with_a_row_to_fill_in(client):
    typed = {"address": "eve@example.org", "hour": "18", "time_zone": "Atlantis"}
    answer = client.post("/subscribe", data=typed)

    assert answer.status_code == 422
    assert "There is no topic" in answer.text
    assert 'value="Atlantis"' in answer.text
    assert '<option value="18" selected>' in answer.text
    assert 'name="topics-0-filter"' in answer.text


def test_ticked_examples_are_topics_after_ones_own(client, newsletter):
    fields = rows(("Mine", "abc"), address="eve@example.org") | {"example-3": "1", "example-0": "1"}
    client.post("/subscribe", data=fields)

    kept = newsletter.subscriber("eve@example.org").wishes.topics
    assert [topic.name for topic in kept] == ["Mine", "Agents", "Robots"]


def test_examples_stay_ticked_where_something_else_is_wrong(client):
    answer = client.post("/subscribe", data={"address": "e", "example-3": "1"})

    assert answer.status_code == 422
    assert 'name="example-3" value="1" checked' in answer.text
    assert "There is no topic" not in answer.text


def test_every_example_is_a_filter_that_can_be_kept(client, newsletter):
    for number in range(client.get("/subscribe").text.count('name="example-')):
        fields = {"address": f"reader{number}@example.org", f"example-{number}": "1"}
        assert client.post("/subscribe", data=fields).status_code == 200
        assert len(newsletter.subscriber(fields["address"]).wishes.topics) == 1


def test_a_filter_can_be_tried_before_subscribing(client):
    fields = rows(("", "title:agents"), address="eve@example.org", do="preview-0")
    answer = client.post("/subscribe", data=fields).text

    assert "<strong>12 papers a day</strong> on the one day that has papers" in answer
    assert "Paper 1 about <mark>agents</mark>" in answer


def test_trying_a_wrong_filter_points_at_the_problem(client):
    answer = client.post("/subscribe", data=rows(("", "(a"), do="preview-0")).text

    assert "bracket is never closed" in answer


def test_confirming_takes_a_button_and_may_be_pressed_again(client, newsletter):
    newsletter.subscribe("eve@example.org", wishes("agents", hour=7))
    link = confirmation(newsletter, "eve@example.org")

    shown = client.get(link)
    assert "eve@example.org" in shown.text
    assert newsletter.subscriber("eve@example.org").status is Status.PENDING

    for _ in range(2):
        confirmed = client.post(link)
        assert confirmed.status_code == 200
        assert "Tuesday, 16 June 2026, 07:00 (UTC)" in confirmed.text
        assert newsletter.subscriber("eve@example.org").status is Status.ACTIVE


def test_a_confirmation_link_gets_too_old(client, newsletter, clock):
    newsletter.subscribe("eve@example.org", wishes())
    link = confirmation(newsletter, "eve@example.org")
    clock.move(days=30)

    assert client.post(link).status_code == 400
    assert newsletter.subscriber("eve@example.org").status is Status.PENDING


def test_an_old_confirmation_does_not_bring_back_one_who_left(client, newsletter):
    newsletter.subscribe("eve@example.org", wishes())
    link = confirmation(newsletter, "eve@example.org")
    client.post(link)
    client.post(unsubscribe(newsletter, newsletter.subscriber("eve@example.org")))

    answer = client.post(link)

    assert answer.status_code == 409
    assert "subscribe again" in answer.text
    assert newsletter.subscriber("eve@example.org").status is Status.ENDED


def test_recovering_tells_nobody_whether_an_address_is_known(client, newsletter, ada):
    known = client.post("/recover", data={"address": ada.address})
    unknown = client.post("/recover", data={"address": "nobody@example.org"})

    assert known.content == unknown.content
    assert [view.address for view in newsletter.deliveries()] == [ada.address]


def test_recovering_what_is_no_address_says_so(client):
    answer = client.post("/recover", data={"address": "ada at home"})

    assert answer.status_code == 422
    assert 'value="ada at home"' in answer.text

"""Leaving: by one click from the mail, or by a button, and back again."""

import pytest
from pages_walk import dump
from visits import preferences, unsubscribe

from newsletter.core.subscribers import Status


@pytest.mark.parametrize("encoding", ["form", "multipart", "empty", "garbage"])
def test_one_click_leaves_at_once_without_cookie_or_redirect(client, newsletter, ada, encoding):
    one_click = {"List-Unsubscribe": "One-Click"}
    body = {
        "form": {"data": one_click},
        "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}},
        "empty": {},
        "garbage": {"content": b"\xff", "headers": {"Content-Type": "multipart/form-data"}},
    }[encoding]
    answer = client.post(unsubscribe(newsletter, ada), follow_redirects=False, **body)

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    left = newsletter.subscriber(ada.address)
    assert (left.status, left.ended_because) == (Status.ENDED, "one click")


def test_one_click_from_elsewhere_is_taken(client, newsletter, ada):
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    answer = client.post(unsubscribe(newsletter, ada), headers=headers)

    assert answer.status_code == 200


def test_leaving_again_says_the_same(client, newsletter, ada):
    link = unsubscribe(newsletter, ada)
    first = client.post(link, data={"do": "leave"})
    before = dump(newsletter)

    assert client.post(link, data={"do": "leave"}).content == first.content
    assert dump(newsletter) == before


def test_a_leave_can_be_undone(client, newsletter, ada):
    link = unsubscribe(newsletter, ada)
    left = client.post(link, data={"do": "leave"})
    assert 'value="undo"' in left.text

    back = client.post(link, data={"do": "undo"})

    assert "Good to have you back" in back.text
    assert newsletter.subscriber(ada.address).status is Status.ACTIVE
    assert newsletter.subscriber(ada.address).wishes == ada.wishes


def test_an_unsubscribe_link_opens_no_preferences_and_the_reverse(client, newsletter, ada):
    manage = preferences(newsletter, ada).rpartition("/")[2]
    leave = unsubscribe(newsletter, ada).rpartition("/")[2]

    for wrong in (f"/preferences/{leave}", f"/unsubscribe/{manage}", f"/confirm/{manage}"):
        assert client.get(wrong).status_code == 400
        assert client.post(wrong).status_code == 400
    assert newsletter.subscriber(ada.address) == ada

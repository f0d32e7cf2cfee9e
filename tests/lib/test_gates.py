"""What holds for every request."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "address",
    [
        "/messages/1/%00/",
        "/decisions/?reason=%00",
        "/data/profiles/habit/?sure=%00",
        "/counter/?q=a%00b",
        "/%00",
        "/login/?next=%00",
    ],
)
def test_an_address_with_a_nul_leads_nowhere(admin_client, client, address):
    for browser in (admin_client, client):
        answer = browser.get(address)
        assert answer.status_code == 404
        assert "This page is not here" in answer.content.decode()


@pytest.mark.parametrize("address", ["/overview/", "/data/profiles/customer/"])
def test_the_log_in_remembers_the_page_and_not_what_was_searched_for(client, db, address):
    answer = client.get(address, {"q": "dolores@example.com"})
    assert (answer.status_code, answer.url) == (302, f"/login/?next={address}")


def test_neither_does_the_log_in_of_the_data_pages(client, db):
    answer = client.get("/data/login/", {"next": "/data/profiles/customer/?q=dolores"})
    assert (answer.status_code, answer.url) == (302, "/login/?next=/data/profiles/customer/")

"""What the log may hold: never a signed link, whichever page it is for and whatever went wrong."""

from __future__ import annotations

import io
import logging

import pytest
from django.test import Client
from django.urls import get_resolver

from cxportal.lib.links import LinkPurpose, token_for
from cxportal.lib.logs import LineFormatter, without_links
from tests.architecture.test_doors import patterns

TOKEN = token_for(LinkPurpose.MY_PAGE, "5b0f3a4e-1111-4222-8333-444455556666")
SIGNED = sorted(address for address, _ in patterns(get_resolver()) if "<str:token>" in address)


@pytest.fixture
def log():
    """Everything that the console would show, in the form of the settings."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(LineFormatter("{levelname} {name}: {message}", style="{"))
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("address", SIGNED)
@pytest.mark.parametrize(
    "token",
    [TOKEN, TOKEN[:-7], TOKEN.replace(":", "%3A")],
    ids=["whole", "cut off", "escaped"],
)
def test_the_token_of_no_door_stands_in_a_line(address, token):
    line = f"Method Not Allowed: /{address.replace('<str:token>', token)}"
    assert without_links(line) == f"Method Not Allowed: /{address.replace('<str:token>', '(link)')}"


@pytest.mark.parametrize("address", SIGNED)
def test_what_is_left_of_a_token_without_its_signature_stands_in_no_line(address):
    door = address.replace("<str:purpose>", "why")
    line = f"Not Found: /{door.replace('<str:token>', TOKEN.partition(':')[0])}"
    assert without_links(line) == f"Not Found: /{door.replace('<str:token>', '(link)')}"


def test_the_key_of_another_system_stands_in_no_line():
    line = "Not Found: /v1/projects/cx_0vYK1ZmqyL1adjDtI/settings"
    assert without_links(line) == "Not Found: /v1/projects/(link)/settings"


@pytest.mark.parametrize("method", ["put", "get"])
def test_a_refused_request_is_logged_without_its_token(db, log, method):
    assert getattr(Client(), method)(f"/my/{TOKEN}/").status_code in {404, 405, 410}
    assert "/my/(link)/" in log.getvalue()
    assert TOKEN[:20] not in log.getvalue()


def test_an_exception_is_logged_without_the_tokens_in_it(log):
    try:
        raise ValueError(f"cannot mail http://127.0.0.1:8000/why/{TOKEN}/#plenty")
    except ValueError:
        logging.getLogger("django.request").exception("Internal Server Error: /why/%s/", TOKEN)
    assert "Internal Server Error: /why/(link)/" in log.getvalue()
    assert "cannot mail http://127.0.0.1:8000/why/(link)/#plenty" in log.getvalue()
    assert "Traceback" in log.getvalue()


def test_a_refusal_is_one_line_without_a_traceback(admin_client, log):
    assert admin_client.get("/counter/").status_code == 403
    assert log.getvalue().splitlines() == [
        "WARNING django.request: Forbidden (Permission denied): /counter/"
    ]


def test_the_settings_use_this_form_for_every_handler(settings):
    assert {h["formatter"] for h in settings.LOGGING["handlers"].values()} == {"line"}
    assert settings.LOGGING["formatters"]["line"]["()"] == "cxportal.lib.logs.LineFormatter"
    assert {tuple(one.get("handlers", ())) for one in settings.LOGGING["loggers"].values()} == {()}

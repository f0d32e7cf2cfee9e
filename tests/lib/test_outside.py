"""Files of other systems: fetched by a real server, and never from where an address should not lead."""

from __future__ import annotations

import base64
import io
import logging
import shutil
import socket
import ssl
import subprocess
from hashlib import sha256

import pytest

from cxportal.lib import outside
from cxportal.lib.outside import AddressRefused, AnswerRefused, FileTooLarge, Known, NoAnswer
from tests.servers import Answer, serving

ROWS = b"customer,date,product\nc1,2026-01-01,p1\n"


@pytest.fixture
def server(settings):
    with serving() as files:
        settings.IMPORT_OWN_HOSTS = [files.host]
        settings.IMPORT_PASSWORDS = {}
        files.files["/orders.csv"] = Answer(ROWS, etag='"one"')
        yield files


def fetched(address: str, most_bytes: int = 10_000, **more: object):
    into = io.BytesIO()
    return outside.fetch(address, into=into, most_bytes=most_bytes, **more), into.getvalue()


def test_a_file_is_fetched_with_its_digest_and_its_mark(server):
    found, body = fetched(server.address("/orders.csv?key=abc"))
    assert body == ROWS
    assert (found.size, found.sha256) == (len(ROWS), sha256(ROWS).hexdigest())
    assert found.known == Known('"one"', "")
    (path, headers) = server.asked[0]
    assert path == "/orders.csv?key=abc"
    assert (headers["Host"], headers["Accept-Encoding"]) == (server.host, "identity")


def test_an_unchanged_file_is_not_sent_again(server):
    found, body = fetched(server.address(), known=Known('"one"', "Tue, 10 Mar 2026 06:00:00 GMT"))
    assert (found, body) == (None, b"")
    headers = server.asked[0][1]
    assert headers["If-None-Match"] == '"one"'
    assert headers["If-Modified-Since"] == "Tue, 10 Mar 2026 06:00:00 GMT"


def test_a_server_that_says_unchanged_unasked_has_sent_no_file(server):
    server.files["/orders.csv"] = Answer(status=304)
    with pytest.raises(AnswerRefused):
        fetched(server.address(), known=Known())


# --- where we do not go ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0", "10.0.0.1", "172.16.5.5",
        "192.168.1.1", "169.254.169.254", "100.64.0.1", "168.63.129.16", "224.0.0.1", "255.255.255.255",
        "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[::ffff:10.0.0.1]", "[::ffff:127.0.0.1]",
        "[64:ff9b::a00:1]", "[2002:7f00:1::1]", "[2002:c0a8:101::1]", "[ff02::1]",
    ],
)  # fmt: skip
def test_no_address_leads_into_an_inner_network(host):
    with pytest.raises(AddressRefused, match="inner network"):
        fetched(f"https://{host}/latest/meta-data/")


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808"])
def test_addresses_of_the_open_internet_are_public(address):
    assert outside._is_public(address)


def resolving(monkeypatch, answers: dict[str, list[str]]) -> list[str]:
    """Let names stand for addresses; return the names that are asked for."""
    asked: list[str] = []
    true = socket.getaddrinfo

    def resolve(host, port, *arguments, **named):
        if host not in answers:
            return true(host, port, *arguments, **named)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in answers[host]]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


def test_a_name_with_one_inner_address_among_others_is_refused(monkeypatch):
    resolving(monkeypatch, {"both.example.com": ["8.8.8.8", "10.0.0.1"]})
    with pytest.raises(AddressRefused, match="inner network"):
        fetched("https://both.example.com/orders.csv")


def test_a_name_is_looked_up_once_and_the_very_address_is_called(server, settings, monkeypatch):
    """A name server that answers differently the second time leads nobody anywhere."""
    settings.IMPORT_OWN_HOSTS = ["files.example.com"]
    asked = resolving(monkeypatch, {"files.example.com": ["127.0.0.1"]})
    _, body = fetched(f"http://files.example.com:{server.port}/orders.csv")
    assert body == ROWS
    assert asked == ["files.example.com"]
    assert server.asked[0][1]["Host"] == f"files.example.com:{server.port}"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://files.example.com/orders.csv", "must begin with https"),
        ("ftp://files.example.com/orders.csv", "no address of a file"),
        ("file:///etc/passwd", "no address of a file"),
        ("https:///orders.csv", "no address of a file"),
        ("https://files.example.com:0/", "no address of a file"),
        ("https://files.example.com:x/", "no address of a file"),
        ("https://files..example.com/", "no address of a file"),
        ("https://anna:secret@files.example.com/", "Leave name and password out"),
        ("https://files.example.com/a b", "no spaces"),
        ("https://files.example.com/\r\nHost: other", "no spaces"),
    ],
)
def test_an_address_that_is_none_is_refused(address, words):
    with pytest.raises(AddressRefused, match=words):
        outside.checked_address(address)


def test_an_own_host_may_be_named_with_and_without_its_port(settings):
    settings.IMPORT_OWN_HOSTS = ["Files.Intern", "10.0.0.5:8080", "[::1]:9000"]
    for address in ("http://files.intern:81/", "http://10.0.0.5:8080/", "http://[::1]:9000/"):
        outside.checked_address(address)
    for address in ("http://10.0.0.5/", "http://10.0.0.6:8080/", "http://other.files.intern/"):
        with pytest.raises(AddressRefused):
            outside.checked_address(address)


# --- redirects --------------------------------------------------------------------------------------


def leads_to(address: str, status: int = 302) -> Answer:
    return Answer(status=status, headers={"Location": address})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(server, status):
    server.files["/old.csv"] = leads_to("/orders.csv", status)
    assert fetched(server.address("/old.csv"))[1] == ROWS


@pytest.mark.parametrize(
    "target",
    [
        "https://10.0.0.1/", "https://169.254.169.254/latest/", "https://127.0.0.1:1/", "http://10.0.0.1/",
        "http://localhost/", "//127.0.0.1:1/", "file:///etc/passwd", "https://a:b@10.0.0.1/",
    ],
)  # fmt: skip
def test_a_redirect_to_where_we_do_not_go_is_not_followed(server, target):
    server.files["/old.csv"] = leads_to(target)
    with pytest.raises(AddressRefused):
        fetched(server.address("/old.csv"))
    assert len(server.asked) == 1


def test_redirects_come_to_an_end(server):
    server.files["/round.csv"] = leads_to("/round.csv")
    with pytest.raises(AnswerRefused, match="on and on"):
        fetched(server.address("/round.csv"))
    assert len(server.asked) == 6


# --- log-ins ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "header"),
    [
        ("anna:pass:word", "Basic " + base64.b64encode(b"anna:pass:word").decode()),
        ("Bearer eyJhbGci", "Bearer eyJhbGci"),
    ],
)
def test_the_log_in_of_a_host_is_sent_to_it(server, settings, secret, header):
    settings.IMPORT_PASSWORDS = {server.host: secret}
    fetched(server.address())
    assert server.asked[0][1]["Authorization"] == header
    assert outside.has_password(server.address())


def test_the_log_in_of_a_host_goes_to_no_other(server, settings):
    with serving() as other:
        settings.IMPORT_OWN_HOSTS = [server.host, other.host]
        settings.IMPORT_PASSWORDS = {server.host: "anna:secret"}
        other.files["/orders.csv"] = Answer(ROWS)
        server.files["/old.csv"] = leads_to(other.address())
        assert fetched(server.address("/old.csv"))[1] == ROWS
        assert "Authorization" in server.asked[0][1]
        assert "Authorization" not in other.asked[0][1]


def test_no_address_and_no_log_in_is_written_into_the_log(server, settings, caplog):
    settings.IMPORT_PASSWORDS = {server.host: "anna:secret"}
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(settings.LOGGING["loggers"]["urllib3"]["level"])
    fetched(server.address("/orders.csv?key=abc"))
    server.files["/orders.csv"] = Answer(ROWS, cut_short=True)
    with pytest.raises(NoAnswer) as caught:
        fetched(server.address("/orders.csv?key=abc"))
    for text in (caplog.text, str(caught.value), repr(caught.value)):
        assert "abc" not in text
        assert "secret" not in text


# --- answers that are no file -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "asks for a log-in"),
        (403, "refuses to hand the file out"),
        (404, "has no file at this address"),
        (429, "Look less often"),
        (503, "a fault of its own"),
        (204, "does not hand the file out"),
        (302, "does not hand the file out"),
    ],
)
def test_an_answer_without_a_file_is_told_in_words(server, status, words):
    server.files["/orders.csv"] = Answer(status=status)
    with pytest.raises(AnswerRefused, match=words):
        fetched(server.address())


def test_a_page_for_logging_in_is_no_file(server):
    headers = {"Content-Type": "text/html; charset=utf-8"}
    server.files["/orders.csv"] = Answer(b"<html>", headers=headers)
    with pytest.raises(AnswerRefused, match="a page in place of a file"):
        fetched(server.address())


def test_a_file_over_the_limit_is_not_fetched(server):
    with pytest.raises(FileTooLarge):
        fetched(server.address(), most_bytes=len(ROWS) - 1)
    assert fetched(server.address(), most_bytes=len(ROWS))[1] == ROWS


def test_a_server_that_lies_about_the_size_is_stopped(server):
    server.files["/orders.csv"] = Answer(
        b"20\r\n" + 32 * b"x" + b"\r\n20\r\n" + 32 * b"x" + b"\r\n0\r\n\r\n",
        headers={"Transfer-Encoding": "chunked"},
    )
    with pytest.raises(FileTooLarge):
        fetched(server.address(), most_bytes=40)


def test_a_file_that_was_cut_off_is_none(server):
    server.files["/orders.csv"] = Answer(ROWS, cut_short=True)
    with pytest.raises(NoAnswer):
        fetched(server.address())


def test_a_server_that_sends_too_slowly_is_given_up(server, monkeypatch):
    monkeypatch.setattr(outside, "LONGEST_SECONDS", -1)
    with pytest.raises(NoAnswer, match="too slowly"):
        fetched(server.address())


def test_a_server_that_is_not_there_is_told_in_words(server, settings, monkeypatch):
    settings.IMPORT_OWN_HOSTS = ["127.0.0.1:1"]
    with pytest.raises(NoAnswer, match="does not answer"):
        fetched("http://127.0.0.1:1/orders.csv")

    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(NoAnswer, match="no server of this name"):
        fetched("https://gone.example.com/orders.csv")


def test_a_sign_of_life_is_asked_for_while_fetching(server):
    server.files["/orders.csv"] = Answer(200_000 * b"x")
    signs: list[int] = []
    fetched(server.address(), most_bytes=300_000, keep=lambda: signs.append(1))
    assert len(signs) > 3


# --- certificates ------------------------------------------------------------------------------------


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """A certificate for files.example.com, whose authority this machine knows."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=files.example.com",
         "-addext", "subjectAltName=DNS:files.example.com"],
        check=True, capture_output=True,
    )  # fmt: skip
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_a_server_proves_to_be_the_host_that_was_meant(trusted, settings, monkeypatch):
    resolving(monkeypatch, {name: ["127.0.0.1"] for name in ("files.example.com", "b.example.com")})
    with serving(trusted) as files:
        settings.IMPORT_OWN_HOSTS = ["files.example.com", "b.example.com"]
        files.files["/orders.csv"] = Answer(ROWS)
        assert fetched(f"https://files.example.com:{files.port}/orders.csv")[1] == ROWS
        with pytest.raises(NoAnswer, match="certificate"):
            fetched(f"https://b.example.com:{files.port}/orders.csv")


def test_a_certificate_of_nobody_is_not_trusted(trusted, settings, monkeypatch):
    resolving(monkeypatch, {"files.example.com": ["127.0.0.1"]})
    monkeypatch.delenv("SSL_CERT_FILE")
    with serving(trusted) as files:
        settings.IMPORT_OWN_HOSTS = ["files.example.com"]
        with pytest.raises(NoAnswer, match="certificate"):
            fetched(f"https://files.example.com:{files.port}/orders.csv")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://a.example.com/x/orders.csv?key=1", "orders.csv"),
        ("https://a.example.com/x/New%20orders.csv", "New orders.csv"),
        ("https://a.example.com/", "a.example.com"),
        ("https://a.example.com", "a.example.com"),
    ],
)
def test_a_file_is_named_by_its_address(address, name):
    assert outside.file_name(address) == name


def test_what_may_be_a_key_is_not_shown():
    assert outside.shown("https://a.example.com/x.csv?key=1#b") == "https://a.example.com/x.csv?…"
    assert outside.shown("https://a.example.com/x.csv#b") == "https://a.example.com/x.csv"

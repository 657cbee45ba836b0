"""One message through a real mail server: what became of it is said exactly, and nothing splits a header."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, compat32
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resound.errors import DefinitionError, MailError, MailServerError
from resound.lines import one_line, text_body
from resound.sending.addresses import read_address
from resound.sending.mail import MOST_AT_ONCE, MailConnection, MailServer, mail_server, render_message
from resound.settings import load_settings
from tests.resound.mailroom import MailRoom, Step, open_mailroom

TO = "lin@reader.example"


@pytest.fixture
def room() -> Iterator[MailRoom]:
    with open_mailroom() as made:
        yield made


def make(subject: str = "週報 · Tuần này", text: str = "綠耕隊抵達胡志明市。\n.\n") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Resound <press@cpc.example>"
    message["To"] = TO
    message["Subject"] = subject
    message.set_content(text)
    message.add_alternative(f"<p lang='zh-Hant'>{text}</p>", subtype="html")
    return message


DATA = render_message(make())


def answering(step: Step, said: str, *, times: int = 10**6) -> Any:
    left = [times]

    def answer(at: Step, _recipient: str) -> str:
        if at != step or not left[0]:
            return ""
        left[0] -= 1
        return said

    return answer


def test_a_message_arrives_as_it_was_written(room: MailRoom) -> None:
    with MailConnection(room.server) as line:
        delivery = line.deliver(TO, DATA)
    assert (delivery.kind, delivery.reason) == ("sent", "250 kept")
    assert room.accepted == [(TO, DATA)]
    read = room.read()
    assert read["Subject"] == "週報 · Tuần này"
    body = read.get_body(("plain",))
    assert body is not None
    assert body.get_content() == "綠耕隊抵達胡志明市。\n.\n"


def test_one_connection_carries_many_and_a_new_one_is_made_where_it_ended(room: MailRoom) -> None:
    with MailConnection(room.server) as line:
        for _ in range(5):
            assert line.deliver(TO, DATA).kind == "sent"
        assert room.connections == 1
        room.answer = answering("mail", "drop", times=1)
        assert line.deliver(TO, DATA).kind == "sent", "a connection that was kept had ended: another is made"
        assert not line.is_failing
    assert room.connections == 2
    assert len(room.accepted) == 6


def test_after_a_hundred_messages_a_new_connection_is_made_and_none_is_lost(room: MailRoom) -> None:
    with MailConnection(room.server) as line:
        assert {line.deliver(TO, DATA).kind for _ in range(2 * MOST_AT_ONCE + 1)} == {"sent"}
    assert len(room.accepted) == 2 * MOST_AT_ONCE + 1
    assert room.connections == 3


@pytest.mark.parametrize(
    ("step", "said", "kind"),
    [
        ("mail", "451 later", "later"),
        ("mail", "552 too large", "refused"),
        ("mail", "drop", "later"),
        ("rcpt", "450 greylisted", "later"),
        ("rcpt", "550 no such user", "refused"),
        ("rcpt", "421 closing", "later"),
        ("rcpt", "drop", "later"),
        ("data", "451 later", "later"),
        ("data", "554 no", "refused"),
        ("data", "drop", "unknown"),
        ("text", "452 full", "later"),
        ("text", "554 spam", "refused"),
        ("text", "drop", "unknown"),
        ("text", "333 nonsense", "unknown"),
        ("answer", "drop", "unknown"),
    ],
)
def test_what_became_of_it(room: MailRoom, step: Step, said: str, kind: str) -> None:
    marks = []
    room.answer = answering(step, said)
    with MailConnection(room.server) as line:
        delivery = line.deliver(TO, DATA, before_data=lambda: marks.append(len(room.steps)))
        assert delivery.kind == kind, delivery
        assert (said == "drop") == ("lost" in delivery.reason) or said in delivery.reason
        assert line.is_failing == (said == "drop" or said[:3] in ("421", "333"))
        assert len(room.accepted) == (step == "answer")
        assert bool(marks) == (step in ("data", "text", "answer"))
        assert marks == [] or [one for one, _ in room.steps][: marks[0]] == ["mail", "rcpt"], (
            "the mark comes before DATA"
        )
        room.answer = answering("mail", "")
        assert line.deliver("tran@reader.example", DATA).kind == "sent", "the next one is none the worse"


@pytest.mark.parametrize("said", ["550 not from here", "530 sign in first"])
def test_a_sender_who_is_not_welcome_is_no_fault_of_a_recipient(room: MailRoom, said: str) -> None:
    room.answer = answering("mail", said)
    with (
        MailConnection(room.server) as line,
        pytest.raises(MailServerError, match=r"no mail from press@cpc.example: 5"),
    ):
        line.deliver(TO, DATA)


def test_what_is_raised_before_data_sends_nothing(room: MailRoom) -> None:
    def fail() -> None:
        raise RuntimeError

    with MailConnection(room.server) as line:
        with pytest.raises(RuntimeError):
            line.deliver(TO, DATA, before_data=fail)
        assert line.deliver(TO, DATA).kind == "sent"
    assert len(room.accepted) == room.connections == 1


def test_a_server_that_is_slow_is_given_up(room: MailRoom) -> None:
    room.delay = 1.0
    server = MailServer("127.0.0.1", room.port, "none", "a@b.example", "a@b.example", timeout=0.2)
    with MailConnection(server) as line:
        delivery = line.deliver(TO, DATA)
    assert delivery.kind == "later"
    assert "timed out" in delivery.reason


def test_nobody_there_is_said(room: MailRoom) -> None:
    server = MailServer("127.0.0.1", 1, "none", "a@b.example", "a@b.example", timeout=2)
    with (
        MailConnection(server) as line,
        pytest.raises(MailServerError, match=r"127.0.0.1:1 cannot be used: .*refused"),
    ):
        line.deliver(TO, DATA)
    server = MailServer("127.0.0.1", room.port, "starttls", "a@b.example", "a@b.example", timeout=2)
    with MailConnection(server) as line, pytest.raises(MailServerError, match="STARTTLS"):
        line.deliver(TO, DATA)
    assert room.steps == [], "nothing was said in the clear"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(certificate for localhost, its key); the certificate is its own authority."""
    x509 = pytest.importorskip("cryptography.x509", reason="cryptography makes the certificate: make setup")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_and_signing_in(security: Any, certificate: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, certificate))
    options = (
        {"implicit_tls": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    )

    def server(host: str, password: str, ca_file: Path | None) -> MailServer:
        return MailServer(
            host, room.port, security, "a@b.example", "a@b.example", "resound", password, ca_file, timeout=5
        )

    with open_mailroom(has_login=True, **options) as room:
        with MailConnection(server("localhost", "s3cret", certificate[0])) as line:
            assert line.deliver(TO, DATA).kind == "sent"
        assert room.logins == [b"s3cret"]
        for host, password, ca_file, says in [
            ("localhost", "wrong", certificate[0], "535"),
            ("localhost", "s3cret", None, "(?i)certificate"),
            ("127.0.0.1", "s3cret", certificate[0], "(?i)certificate"),
        ]:
            with (
                MailConnection(server(host, password, ca_file)) as line,
                pytest.raises(MailServerError, match=says) as told,
            ):
                line.deliver(TO, DATA)
            assert password not in str(told.value)
        assert room.logins.count(b"s3cret") == 1, "a password is shown to no stranger"
        assert len(room.accepted) == 1


# --- what is written -------------------------------------------------------------------------------------------------


def test_the_same_message_gives_the_same_bytes() -> None:
    made = make()
    made.set_boundary("b1")
    assert render_message(made) == render_message(made)


@pytest.mark.parametrize("evil", ["a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\0b"])
def test_a_header_that_would_split_is_refused(evil: str) -> None:
    with pytest.raises(ValueError, match="linefeed or carriage"):
        make(evil.replace("\0", "\n"))
    message = make()
    message._headers.append(("X-Odd", evil))  # type: ignore[attr-defined]
    with pytest.raises(MailError, match="X-Odd holds a line end"):
        render_message(message)
    message = make()
    part = next(iter(message.iter_parts()))
    part._headers.append(("X-Odd", evil))  # type: ignore[attr-defined]
    with pytest.raises(MailError, match="X-Odd holds a line end"):
        render_message(message)


def check_whole(subject: str, text: str) -> None:
    line = one_line(subject)
    assert len(line.splitlines()) <= 1
    data = render_message(make(line or "-", text_body(text)))
    assert not set(text_body(text)) & set("\r\0\x0b\u2028\u202e")
    for policy in (SMTP, compat32):
        read = BytesParser(policy=policy).parsebytes(data)
        assert set(read) == {"From", "To", "Subject", "MIME-Version", "Content-Type"}
        assert not read.defects
    assert all(len(one) <= 998 for one in data.split(b"\r\n"))
    shown = BytesParser(policy=SMTP).parsebytes(data)["Subject"]
    assert " ".join(str(shown).split()) == (" ".join(line.split()) or "-")


TEXT = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("\r\n\0\x0b\x0c\x1c\x85\u2028\u2029\u202e=?_."),
    ),
    max_size=300,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXT, TEXT)
def test_whatever_a_title_holds_one_header_comes_of_it(subject: str, text: str) -> None:
    check_whole(subject, text)


def test_naughty_strings_go_through(shared_data: Path) -> None:
    strings = json.loads((shared_data / "vectors" / "blns.json").read_text(encoding="utf-8"))
    for one in [
        *strings,
        "x" * 10_000,
        "字" * 10_000,
        '=HYPERLINK("http://x.example")',
        "a\r\nBcc: b@c.example",
    ]:
        check_whole(one, one)


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("SMTP_URL", "SMTP_PASSWORD", "SMTP_PASSWORD_FILE", "MAIL_FROM", "ALERTS_TO"):
        monkeypatch.delenv(f"RESOUND_{name}", raising=False)
    return monkeypatch


def test_without_settings_it_says_what_is_missing(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(MailError, match="RESOUND_SMTP_URL and RESOUND_MAIL_FROM are not set"):
        mail_server(load_settings())
    environment.setenv("RESOUND_SMTP_URL", "smtp://mail.example.org")
    with pytest.raises(MailError, match="RESOUND_MAIL_FROM is not set"):
        mail_server(load_settings())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 587, "starttls", None)),
        ("smtp://re%40sound@mail.example.org:2525", ("mail.example.org", 2525, "starttls", "re@sound")),
        ("smtps://resound@mail.example.org", ("mail.example.org", 465, "tls", "resound")),
        ("smtp://localhost:25?starttls=no", ("localhost", 25, "none", None)),
        ("smtp://[::1]:25?starttls=no", ("::1", 25, "none", None)),
    ],
)
def test_the_address_of_the_server(
    environment: pytest.MonkeyPatch, url: str, expected: Any, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("s3cret\n")
    environment.setenv("RESOUND_SMTP_URL", url)
    environment.setenv("RESOUND_MAIL_FROM", "綠耕隊 <Press@CPC.example>")
    environment.setenv("RESOUND_SMTP_PASSWORD_FILE", str(tmp_path / "password"))
    server = mail_server(load_settings())
    assert (server.host, server.port, server.security, server.user) == expected
    assert server.password == (None if server.user is None else "s3cret")
    assert "s3cret" not in repr(server)
    assert (server.sender, server.from_) == ("press@cpc.example", "綠耕隊 <press@cpc.example>")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SMTP_URL", "http://mail.example.org", "write smtp://"),
        ("SMTP_URL", "smtp://", "write smtp://"),
        ("SMTP_URL", "smtp://mail.example.org:port", "cannot be read"),
        ("SMTP_URL", "smtp://a:s3cret@mail.example.org", "leave the password out"),
        ("SMTP_URL", "smtp://a@mail.example.org?starttls=no", "never sent without TLS"),
        ("SMTP_URL", "smtps://mail.example.org?starttls=no", r"only for smtp://"),
        ("MAIL_FROM", "nobody", "no mail address"),
        ("ALERTS_TO", "a@b.example, c", "'c' is no mail address"),
        ("SMTP_PASSWORD_FILE", "/nowhere/at/all", "no such file"),
    ],
)
def test_what_cannot_be_used_is_said(
    environment: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    environment.setenv(f"RESOUND_{name}", value)
    with pytest.raises(DefinitionError, match=says) as told:
        load_settings()
    assert "s3cret" not in str(told.value)


def test_a_name_without_a_password_is_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RESOUND_SMTP_URL", "smtp://resound@mail.example.org")
    environment.setenv("RESOUND_MAIL_FROM", "a@b.example")
    with pytest.raises(DefinitionError, match="RESOUND_SMTP_PASSWORD or"):
        mail_server(load_settings())


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Lin@CPC.example ", "lin@cpc.example"),
        ("o'brien+news@mail.example.org", "o'brien+news@mail.example.org"),
        ("lin@綠耕.example", "lin@xn--jhrv56a.example"),
    ],
)
def test_an_address_has_one_form(text: str, address: str) -> None:
    assert read_address(text).startswith(address.partition("@")[0])
    assert read_address(read_address(text)) == read_address(text)
    if text.isascii():
        assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "lin", "lin@", "@cpc.example", "a b@c.example", "a@b", "a@b..c", "a..b@c.example", "a@b.example\r\nRCPT TO:<x@y.z>",
     "<a@b.example>", "林@cpc.example", "a@-b.example", "a@b.example,c@d.example", f"{'a' * 65}@b.example", "a@b.example\0"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no mail address"):
        read_address(text)

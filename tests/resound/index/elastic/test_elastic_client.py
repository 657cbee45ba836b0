"""Address, secrets and TLS, against a proxy with a certificate of its own that checks what it is shown."""

from __future__ import annotations

import base64
import logging
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from resound.errors import DefinitionError, StoreError
from resound.index.base import IndexDocument
from resound.index.elastic import ElasticIndex
from resound.index.elastic_bulk import Patience
from resound.index.elastic_client import ElasticAddress
from resound.query import Document, parse
from resound.told import Told
from resound.watching.kept_sentences import tell_again
from tests.resound.index.elastic.proxy import Answer, Proxy, Request

pytestmark = pytest.mark.elastic

SECRET = "p4ss/word:%"
KEY = base64.b64encode(b"id:s3cret-key").decode()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made = (folder / "cert.pem", folder / "key.pem")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-days", "2", "-subj", "/CN=elasticsearch.example", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-out", str(made[0]), "-keyout", str(made[1])]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is missing: it makes the certificate")
    return made


@pytest.fixture
def guarded(address: ElasticAddress, certificate: tuple[Path, Path]) -> Iterator[Callable[[str], Proxy]]:
    """Proxies with TLS that forward only what carries the right Authorization, as Elasticsearch's security does."""
    started: list[Proxy] = []

    def start(expected: str) -> Proxy:
        def check(request: Request) -> Answer | None:
            if request.headers.get("authorization") == expected:
                return None
            echo = {
                "type": "security_exception",
                "reason": "unable to authenticate",
                "header": dict(request.headers),
            }
            return Answer(401, {"error": echo})

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        made = Proxy(address.urls[0], check).start(context)
        started.append(made)
        return made

    yield start
    for one in started:
        one.stop()


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def test_an_api_key_over_tls(
    guarded: Callable[[str], Proxy], address: ElasticAddress, certificate: tuple[Path, Path]
) -> None:
    proxy = guarded(f"ApiKey {KEY}")
    index = ElasticIndex(replace(address, urls=(proxy.url,), api_key=KEY, ca_file=certificate[0]))
    assert (index.cursor(), index.count()) == (0, 0)
    assert KEY not in index.describe() + index.name + repr(index)
    index.close()


def test_a_user_and_password_over_tls_in_the_url_too(
    guarded: Callable[[str], Proxy], address: ElasticAddress, certificate: tuple[Path, Path]
) -> None:
    proxy = guarded(basic("resound", SECRET))
    named = replace(address, urls=(proxy.url,), username="resound", password=SECRET, ca_file=certificate[0])
    in_url = replace(
        address,
        urls=(proxy.url.replace("https://", "https://resound:p4ss%2Fword%3A%25@"),),
        ca_file=certificate[0],
    )
    assert in_url == named
    index = ElasticIndex(in_url)
    assert index.count() == 0
    assert SECRET not in index.describe()
    index.close()


def test_a_cloud_id_leads_to_its_cluster_over_tls(
    guarded: Callable[[str], Proxy], address: ElasticAddress, certificate: tuple[Path, Path]
) -> None:
    """A cloud id is a name and, in base64, `domain:port$cluster$kibana`; the host is `cluster.domain`: here 127.0.0.1."""
    proxy = guarded(f"ApiKey {KEY}")
    port = proxy.url.rpartition(":")[2]
    told = base64.b64encode(f"0.0.1:{port}$127$nobody".encode()).decode()
    where = ElasticAddress(
        cloud_id=f"office:{told}", api_key=KEY, ca_file=certificate[0], prefix=address.prefix
    )
    index = ElasticIndex(where)
    title = Document(title="資源循環 and waste")
    assert index.write([IndexDocument("a", 1, title, 1, "s", {"url": "a"})], [], cursor=1) == ()
    assert [hit.id for hit in index.search(parse("waste")).hits] == ["a"]
    assert any(one.headers.get("content-encoding") == "gzip" for one in proxy.seen), "as a cloud is asked"
    assert "cloud office" in index.describe()
    assert KEY not in index.describe() + index.name + repr(index)
    index.close()


@pytest.mark.parametrize("wrong", ["office", "office:not base64", "office:bm90aGluZw=="])
def test_a_misspelt_cloud_id_is_told_at_once(wrong: str) -> None:
    with pytest.raises(DefinitionError, match="cloud id"):
        ElasticIndex(ElasticAddress(cloud_id=wrong, api_key=KEY)).cursor()


def test_a_certificate_that_nobody_vouches_for_is_refused(
    guarded: Callable[[str], Proxy], address: ElasticAddress
) -> None:
    proxy = guarded(f"ApiKey {KEY}")
    index = ElasticIndex(replace(address, urls=(proxy.url,), api_key=KEY))
    with pytest.raises(StoreError, match="certificate that cannot be trusted"):
        index.count()
    assert proxy.seen == [], "the key was not shown to it"
    index.close()


@pytest.mark.parametrize(
    "written", ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_that_vouches_for_nothing_is_named(
    guarded: Callable[[str], Proxy], address: ElasticAddress, tmp_path: Path, written: str
) -> None:
    (tmp_path / "ca.pem").write_text(written)
    proxy = guarded(f"ApiKey {KEY}")
    index = ElasticIndex(replace(address, urls=(proxy.url,), api_key=KEY, ca_file=tmp_path / "ca.pem"))
    with pytest.raises(
        StoreError, match=r"The file .*ca\.pem holds no certificate that can be read"
    ) as raised:
        index.count()
    assert isinstance(tell_again(str(raised.value)), Told)
    assert proxy.seen == []
    index.close()


def test_a_port_without_tls_is_not_a_wrong_certificate() -> None:
    proxy = Proxy("http://127.0.0.1:9").start()
    index = ElasticIndex(ElasticAddress(urls=(proxy.url.replace("http:", "https:"),), api_key=KEY))
    with pytest.raises(StoreError, match="does not speak TLS there: write http://") as raised:
        index.count()
    assert isinstance(tell_again(str(raised.value)), Told)
    index.close()
    proxy.stop()


def test_what_a_role_lacks_is_said() -> None:
    """As Elasticsearch words it, shortened."""
    said = "action [cluster:admin/component_template/put] is unauthorized for API key id [x], this action is granted by …"
    error = {"type": "security_exception", "reason": said}
    proxy = Proxy("http://127.0.0.1:9", lambda _: Answer(403, {"error": error, "status": 403})).start()
    index = ElasticIndex(ElasticAddress(urls=(proxy.url,), api_key=KEY, prefix="news"))
    with pytest.raises(StoreError, match=r"monitor and manage_index_templates .* of news-\*\.") as raised:
        index.count()
    assert said in str(raised.value)
    assert isinstance(tell_again(str(raised.value)), Told)
    index.close()
    proxy.stop()


def test_secrets_stand_in_no_message_and_no_log(
    guarded: Callable[[str], Proxy],
    address: ElasticAddress,
    certificate: tuple[Path, Path],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The proxy even echoes what it was shown, as a careless one would."""
    proxy = guarded("nothing that anybody has")
    secrets = (KEY, SECRET, "p4ss%2Fword", basic("resound", SECRET).split()[1])
    told = []
    with caplog.at_level(logging.DEBUG):
        for more in ({"api_key": KEY}, {"username": "resound", "password": SECRET}):
            where = replace(address, urls=(proxy.url,), ca_file=certificate[0], **more)  # type: ignore[arg-type]
            index = ElasticIndex(where, patience=Patience(0.1, 0.05, 0.1))
            for call in (index.cursor, index.describe, lambda one=index: one.write([], [], cursor=1)):
                with pytest.raises(StoreError, match="refuses the API key or the password") as raised:
                    call()
                told += [str(raised.value), repr(raised.value), repr(raised.value.__cause__)]
            told += [repr(where), repr(index), index.name]
            index.close()
            away = ElasticIndex(
                replace(where, urls=("https://127.0.0.1:9",)), patience=Patience(0.1, 0.05, 0.1)
            )
            with pytest.raises(StoreError, match="cannot be reached") as raised:
                away.cursor()
            told += [str(raised.value), repr(raised.value.__cause__)]
            away.close()
    told += [caplog.text, *capsys.readouterr()]
    for one in told:
        assert not [secret for secret in secrets if secret in one]


def _careless(request: Request, *, status: int, is_page: bool, padding: str = "") -> Answer:
    shown = f"{padding}bad gateway {request.headers.get('authorization')} {KEY} {SECRET}{padding}"
    return Answer(status, f"<html>{shown}</html>".encode() if is_page else {"error": shown, "status": status})


@pytest.mark.parametrize("status", [400, 403, 404, 429, 502])
@pytest.mark.parametrize("is_page", [True, False])
@pytest.mark.parametrize("padding", ["", "x" * 100, "x" * 130])
def test_what_a_gateway_echoes_is_not_quoted(status: int, is_page: bool, padding: str) -> None:
    """A page, or something that looks like Elasticsearch's own error; also where only half of a secret would be quoted."""
    rule = partial(_careless, status=status, is_page=is_page, padding=padding)
    proxy = Proxy("http://127.0.0.1:9", rule).start()
    for more in ({"api_key": KEY}, {"username": "resound", "password": SECRET}):
        own = (KEY,) if "api_key" in more else (SECRET, basic("resound", SECRET).split()[1])
        where = ElasticAddress(urls=(proxy.url,), **more)  # type: ignore[arg-type]
        index = ElasticIndex(where, patience=Patience(0.1, 0.05, 0.1))
        with pytest.raises(StoreError) as raised:
            index.count()
        told = f"{raised.value} {raised.value.__cause__!r}"
        assert not [part for one in own for part in (one[:6], one[-6:]) if part in told]
        if is_page:
            assert f"status {status}, without a reason" in str(raised.value)
            assert "gateway" not in str(raised.value)
        index.close()
    proxy.stop()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"urls": ("localhost:9200",)}, "cannot be read"),
        ({"urls": ("https://user:p4ss@[::1",)}, "cannot be read"),
        ({"urls": ()}, "no address"),
        ({"urls": ("http://es.example:9200",), "cloud_id": "x:y"}, "two addresses"),
        ({"api_key": "k", "username": "u", "password": "p4ss"}, "one of them"),
        ({"username": "u"}, "together"),
        ({"prefix": "Resound"}, "lower-case"),
        ({"prefix": "a*"}, "lower-case"),
        ({"timeout": 0}, "more than 0"),
        ({"ca_file": Path("/nowhere/ca.pem")}, "no file"),
    ],
)
def test_an_address_that_cannot_be_used_is_said(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(DefinitionError, match=said) as raised:
        ElasticAddress(**wrong)  # type: ignore[arg-type]
    assert "p4ss" not in str(raised.value)


def test_another_server_is_not_taken_for_elasticsearch(address: ElasticAddress) -> None:
    proxy = Proxy(address.urls[0], lambda _: Answer(200, "hello"), is_product=False).start()
    index = ElasticIndex(replace(address, urls=(proxy.url,)))
    with pytest.raises(StoreError, match="is not Elasticsearch"):
        index.describe()
    index.close()
    proxy.stop()

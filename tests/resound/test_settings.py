"""Settings come from the environment and from overrides, and say in words what is wrong with them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import make_url

from resound import __version__
from resound.errors import DefinitionError
from resound.settings import load_settings, locale_language


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("RESOUND_"):
            monkeypatch.delenv(name)


def test_the_defaults_keep_everything_in_one_folder() -> None:
    settings = load_settings()
    assert settings.data == Path("resound-data")
    assert make_url(settings.store_address).database == "resound-data/resound.sqlite"
    assert settings.index == Path("resound-data/index.sqlite")
    assert settings.evidence == Path("resound-data/evidence")
    assert settings.attachments == Path("resound-data/evidence/clips")
    assert (settings.ports, settings.allow, settings.max_bytes) == ((80, 443), (), 10_000_000)
    assert settings.coder


@pytest.mark.parametrize("name", ["a b", "資料?", "100%25", "c#d", "e:f@g"])
def test_any_folder_can_hold_the_store(name: str, tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path / name)
    assert make_url(settings.store_address).database == str(tmp_path / name / "resound.sqlite")


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESOUND_DATA", "")
    monkeypatch.setenv("RESOUND_STORE_URL", "")
    assert load_settings().store_url is None
    assert load_settings().data == Path("resound-data")


def test_the_environment_is_read_and_options_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RESOUND_DATA", str(tmp_path / "from-environment"))
    monkeypatch.setenv("RESOUND_CONTACT", "press@example.org")
    monkeypatch.setenv("RESOUND_ALLOW", "127.0.0.1:8123, *.example=127.0.0.1:8123,[::1]:99")
    monkeypatch.setenv("RESOUND_PORTS", "80,443,8080")
    monkeypatch.setenv("RESOUND_DEADLINE", "12.5")
    monkeypatch.setenv("RESOUND_LANGUAGE", "vi")
    settings = load_settings(data=tmp_path / "from-option", coder=None)
    assert settings.data == tmp_path / "from-option"
    assert settings.allow == ("127.0.0.1:8123", "*.example=127.0.0.1:8123", "[::1]:99")
    assert settings.ports == (80, 443, 8080)
    assert settings.deadline == 12.5
    assert settings.language == "vi"
    assert settings.user_agent == f"Resound/{__version__} (+press@example.org)"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().coder = "somebody else"  # type: ignore[misc]


def test_without_a_contact_the_open_web_is_not_read() -> None:
    with pytest.raises(DefinitionError, match=r"set RESOUND_CONTACT to an e-mail or web address"):
        _ = load_settings().user_agent


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RESOUND_MAX_BYTES", "ten", r"RESOUND_MAX_BYTES is 'ten': .*integer"),
        ("RESOUND_MAX_REDIRECTS", "-1", r"RESOUND_MAX_REDIRECTS is '-1': .*greater than or equal to 0"),
        ("RESOUND_DEADLINE", "nan", r"RESOUND_DEADLINE is 'nan': .*finite"),
        ("RESOUND_PORTS", "80,99999", r"RESOUND_PORTS is '80,99999': .*65535"),
        ("RESOUND_PORTS", ",", r"RESOUND_PORTS is ',': name at least one port"),
        ("RESOUND_ALLOW", "localhost", r"RESOUND_ALLOW is 'localhost': 'localhost' is neither address:port"),
        ("RESOUND_ALLOW", "127.0.0.1:0", r"neither address:port"),
        ("RESOUND_CONTACT", "call me", r"RESOUND_CONTACT is 'call me': write an e-mail address"),
        ("RESOUND_CONTACT", "a@example.org\r\nX-Evil: 1", r"write an e-mail address"),
        ("RESOUND_LANGUAGE", "de", r"RESOUND_LANGUAGE is 'de': .*'en', 'zh-Hant' or 'vi'"),
        ("RESOUND_TIMEZONE", "Taipei", r"RESOUND_TIMEZONE is 'Taipei': .*such as Asia/Taipei"),
        (
            "RESOUND_CONTCT",
            "press@example.org",
            r"RESOUND_CONTCT is not a setting; did you mean RESOUND_CONTACT",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(DefinitionError, match=said):
        load_settings()


def test_a_variable_of_somebody_else_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESOUND_SHARED_DATA", "elsewhere")
    assert load_settings().data == Path("resound-data")


def test_a_wrong_option_is_named_as_one() -> None:
    with pytest.raises(DefinitionError, match=r"deadline \(as given\) is '-3'"):
        load_settings(deadline=-3)


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    with pytest.raises(DefinitionError, match="it is a file; a folder is needed"):
        load_settings(data=tmp_path / "taken")


def test_the_password_of_the_store_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESOUND_STORE_URL", "postgresql://resound:s3cret@db.example/resound")
    settings = load_settings()
    assert settings.store_address == "postgresql://resound:s3cret@db.example/resound"
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings)


def test_the_address_of_the_store_comes_from_a_file_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "url").write_text("postgresql://resound:s3cret@db.example/resound\n", encoding="utf-8")
    monkeypatch.setenv("RESOUND_STORE_URL_FILE", str(tmp_path / "url"))
    settings = load_settings()
    assert settings.store_address == "postgresql://resound:s3cret@db.example/resound"
    assert settings.given_store_url == settings.store_address
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings.model_dump())
    (tmp_path / "url").write_text(" \n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"STORE_URL_FILE: the file .* is empty"):
        _ = settings.store_address
    monkeypatch.setenv("RESOUND_STORE_URL", "postgresql://resound:s3cret@db.example/resound")
    with pytest.raises(DefinitionError, match="RESOUND_STORE_URL_FILE, not both") as caught:
        load_settings()
    assert "s3cret" not in str(caught.value)
    monkeypatch.delenv("RESOUND_STORE_URL")
    monkeypatch.setenv("RESOUND_STORE_URL_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(DefinitionError, match=r"RESOUND_STORE_URL_FILE is .*there is no such file"):
        load_settings()


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_TW.UTF-8"}, "zh-Hant"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "vi_VN", "LANG": "zh_TW"}, "vi"),
        ({}, "en"),
    ],
)
def test_the_interface_language_follows_the_locale(environment: dict[str, str], language: str) -> None:
    assert locale_language(environment) == language


class TestElasticsearch:
    """Where it is and how to sign in there; what is secret is never shown."""

    def test_unset_means_the_embedded_index(self) -> None:
        settings = load_settings()
        assert (settings.elasticsearch, settings.elasticsearch_urls, settings.elasticsearch_cloud) == (
            None,
            (),
            None,
        )
        assert settings.elasticsearch_secret("api_key") is None

    def test_addresses_and_cloud_ids(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RESOUND_ELASTICSEARCH", "https://a.example:9200, http://[::1]:9200/path")
        assert load_settings().elasticsearch_urls == ("https://a.example:9200", "http://[::1]:9200/path")
        assert load_settings().elasticsearch_cloud is None
        monkeypatch.setenv("RESOUND_ELASTICSEARCH", "cloud:office:dXMtZWFzdC0x")
        assert (load_settings().elasticsearch_urls, load_settings().elasticsearch_cloud) == (
            (),
            "office:dXMtZWFzdC0x",
        )

    def test_secrets_come_from_the_environment_or_a_file(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("RESOUND_ELASTICSEARCH", "https://a.example:9200")
        monkeypatch.setenv("RESOUND_ELASTICSEARCH_USERNAME", "resound")
        (tmp_path / "password").write_text("käse\n", encoding="utf-8")
        monkeypatch.setenv("RESOUND_ELASTICSEARCH_PASSWORD_FILE", str(tmp_path / "password"))
        assert load_settings().elasticsearch_secret("password") == "käse"
        (tmp_path / "password").write_text("\n")
        with pytest.raises(DefinitionError, match=r"PASSWORD_FILE: the file .* is empty"):
            load_settings().elasticsearch_secret("password")
        monkeypatch.delenv("RESOUND_ELASTICSEARCH_PASSWORD_FILE")
        monkeypatch.setenv("RESOUND_ELASTICSEARCH_PASSWORD", "geheim-1")
        assert load_settings().elasticsearch_secret("password") == "geheim-1"
        assert "geheim" not in repr(load_settings())
        assert "geheim" not in str(load_settings().model_dump())

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"": "a.example:9200-geheim"}, "RESOUND_ELASTICSEARCH: write http"),
            ({"": "https://me:geheim@a.example:9200"}, "leave name and password out"),
            ({"": "https://a.example, https://geheim@b.example"}, "leave name and password out"),
            (
                {"_API_KEY": "geheim", "_USERNAME": "me", "_PASSWORD": "geheim"},
                "a key, or with name and password",
            ),
            ({"_PASSWORD": "geheim"}, "belong together"),
            ({"_USERNAME": "me"}, "belong together"),
            ({"_API_KEY": "geheim", "_API_KEY_FILE": __file__}, "not both"),
            ({"_CA_FILE": "/nowhere/ca.pem"}, "there is no such file"),
            ({"_PREFIX": "Resound*"}, "small letters"),
            ({"_TIMEOUT": "0"}, "greater than 0"),
            ({"_PASWORD": "geheim"}, "did you mean RESOUND_ELASTICSEARCH_PASSWORD"),
        ],
        ids=str,
    )
    def test_what_is_wrong_is_said_without_the_secret(
        self, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str
    ) -> None:
        for name, value in given.items():
            monkeypatch.setenv(f"RESOUND_ELASTICSEARCH{name}", value)
        with pytest.raises(DefinitionError, match=re.escape(said)) as caught:
            load_settings()
        error: BaseException | None = caught.value
        while error is not None:
            assert "geheim" not in str(error)
            assert "geheim" not in repr(error)
            error = error.__cause__

import re
import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from notifier.channels.relay import Security
from notifier.errors import SettingsError
from notifier.settings import Settings, kept_secret_key, load_settings, masked, settings_table


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os  # noqa: PLC0415 -- only this fixture looks at the environment of the test run

    for name in [name for name in os.environ if name.startswith("NOTIFIER_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_with_nothing_set_the_defaults_run_on_an_embedded_database() -> None:
    settings = load_settings()
    assert settings.database_url.get_secret_value() == "sqlite+aiosqlite:///var/notifier.sqlite3"
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8080)
    assert settings.base_url == "http://127.0.0.1:8080"
    assert settings.smtp_host is None


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(
        "NOTIFIER_HTTP_PORT=1111\nNOTIFIER_HTTP_HOST=0.0.0.0\nOTHERS=1\n", encoding="utf-8"
    )
    monkeypatch.setenv("NOTIFIER_HTTP_PORT", "2222")
    settings = load_settings()
    assert (settings.http_host, settings.http_port) == ("0.0.0.0", 2222)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_SMTP_HOST", "")
    monkeypatch.setenv("NOTIFIER_HTTP_PORT", "")
    settings = load_settings()
    assert (settings.smtp_host, settings.http_port) == (None, 8080)


def test_a_misspelt_variable_is_refused_with_the_nearest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_SMPT_HOST", "relay.example.jp")
    with pytest.raises(SettingsError, match=r"NOTIFIER_SMPT_HOST in the environment.*NOTIFIER_SMTP_HOST"):
        load_settings()


def test_the_key_that_sends_events_is_no_misspelt_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_KEY", "abc.def")
    assert load_settings().http_port == 8080


def test_a_misspelt_name_in_the_file_is_refused_too() -> None:
    Path(".env").write_text("NOTIFIER_DATABSE_URL=sqlite+aiosqlite:///x\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"in \.env.*NOTIFIER_DATABASE_URL"):
        load_settings()


def test_a_file_in_another_encoding_is_refused_by_name() -> None:
    Path(".env").write_bytes("NOTIFIER_SENDER_NAME=介護保険課\n".encode("cp932"))
    with pytest.raises(SettingsError, match=r"\.env is not UTF-8"):
        load_settings()


@pytest.mark.parametrize(
    "name,value,said",
    [
        ("HTTP_PORT", "eighty", "NOTIFIER_HTTP_PORT: "),
        ("HTTP_PORT", "70000", "NOTIFIER_HTTP_PORT: "),
        ("SMTP_TLS", "maybe", "NOTIFIER_SMTP_TLS: "),
        ("MAIL_FROM", "no address", "NOTIFIER_MAIL_FROM: must be one plain mail address"),
        ("MAIL_FROM", "a@example.jp\r\nBcc: b@example.jp", "NOTIFIER_MAIL_FROM: "),
        ("SENDER_NAME", "課\nBcc: x", "NOTIFIER_SENDER_NAME: must be one line"),
        ("BASE_URL", "notifier.example.jp", "NOTIFIER_BASE_URL: must be a web address"),
        ("TEMPLATES_DIR", "nowhere", "NOTIFIER_TEMPLATES_DIR: is not a folder: nowhere"),
        ("DATABASE_URL", "mysql://root:hush@db/x", "NOTIFIER_DATABASE_URL: must begin with sqlite"),
        ("SMTP_USERNAME", "me", "must be set together"),
        ("OIDC_ISSUER", "http://id.example.jp", "NOTIFIER_OIDC_ISSUER: must be a web address over https"),
        ("OIDC_ISSUER", "https://me@id.example.jp", "NOTIFIER_OIDC_ISSUER: must be a web address over https"),
        ("OIDC_ISSUER", "https://id.example.jp", "must be set together"),
        ("OIDC_SCOPES", "email", "NOTIFIER_OIDC_SCOPES: must be words"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"NOTIFIER_{name}", value)
    with pytest.raises(SettingsError) as fault:
        load_settings()
    assert said in str(fault.value)
    assert "or leave it out for the default" in str(fault.value)


def test_no_secret_shows_in_a_message_or_a_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_SECRET_KEY", "hush-too-short")
    with pytest.raises(SettingsError) as fault:
        load_settings()
    assert "hush" not in str(fault.value)

    shown = repr(
        Settings(
            database_url=SecretStr("postgresql+asyncpg://me:hush@db/notifier"),
            smtp_username="me",
            smtp_password=SecretStr("hush"),
            oidc_issuer="https://id.example.jp",
            oidc_client_id="me",
            oidc_client_secret=SecretStr("hush"),
            secret_key=SecretStr("hush" * 8),
        )
    )
    assert "hush" not in shown


def test_the_password_of_the_database_is_masked_in_messages() -> None:
    settings = Settings(database_url=SecretStr("postgresql+asyncpg://me:hu@sh@db.example.jp:5432/notifier"))
    assert settings.database_place == "postgresql+asyncpg://me:***@db.example.jp:5432/notifier"
    assert masked("postgresql+asyncpg://db/n?user=me&password=hush&ssl=1").endswith("password=***&ssl=1")
    assert masked("sqlite+aiosqlite:///var/notifier.sqlite3") == "sqlite+aiosqlite:///var/notifier.sqlite3"


@pytest.mark.parametrize("security,port", [("none", 25), ("starttls", 587), ("tls", 465)])
def test_the_port_of_the_relay_follows_from_its_security(security: Security, port: int) -> None:
    assert Settings(smtp_tls=security).smtp_port == port
    assert Settings(smtp_tls=security, smtp_port=2525).smtp_port == 2525


def test_the_key_is_made_once_and_kept_for_the_owner_alone(tmp_path: Path) -> None:
    kept = tmp_path / "var"
    made = kept_secret_key(Settings(), kept)
    assert len(made.get_secret_value()) >= 32
    assert kept_secret_key(Settings(), kept) == made
    assert stat.S_IMODE((kept / "secret-key").stat().st_mode) == 0o600
    assert [file.name for file in kept.iterdir()] == ["secret-key"]


def test_a_key_that_is_set_leaves_no_file(tmp_path: Path) -> None:
    assert kept_secret_key(Settings(secret_key=SecretStr("k" * 32)), tmp_path).get_secret_value() == "k" * 32
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_cannot_be_kept_is_asked_for(tmp_path: Path) -> None:
    occupied = tmp_path / "var"
    occupied.write_text("a file stands where the folder should be", encoding="utf-8")
    with pytest.raises(SettingsError, match="set NOTIFIER_SECRET_KEY instead"):
        kept_secret_key(Settings(), occupied)


def test_every_setting_has_a_row_that_says_what_it_means() -> None:
    rows = settings_table().splitlines()[2:]
    assert len(rows) == len(Settings.model_fields)
    assert all(len(row.split("|")[3].strip()) > 15 for row in rows)
    assert "None" not in settings_table()


@pytest.mark.parametrize(
    "given, asks",
    [
        ({}, False),
        ({"http_host": "0.0.0.0"}, True),
        ({"base_url": "https://notifier.example.jp"}, True),
        ({"base_url": "http://localhost:8080", "http_host": "::1"}, False),
        ({"sign_in": "required"}, True),
        ({"sign_in": "off", "http_host": "0.0.0.0"}, False),
    ],
)
def test_users_sign_in_unless_the_pages_are_reached_from_this_machine_alone(
    given: dict[str, Any], asks: bool
) -> None:
    assert Settings(**given).asks_who_is_there() is asks
    assert not Settings(**given | {"sign_in": "auto"}).asks_who_is_there(is_shown_off=True)


def test_proxies_are_networks_and_never_the_whole_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_TRUSTED_PROXIES", "10.1.0.0/16, fd00::/8")
    assert load_settings().trusted_proxies == "10.1.0.0/16, fd00::/8"
    for wrong, told in (
        ("0.0.0.0/0", "all addresses"),
        ("10.1.0.0/16,::/0", "all addresses"),
        ("nginx", "networks"),
    ):
        monkeypatch.setenv("NOTIFIER_TRUSTED_PROXIES", wrong)
        with pytest.raises(SettingsError, match=told):
            load_settings()


@pytest.mark.parametrize(
    "name,value,said",
    [
        ("NOTIFIER_REPLY_ADDRESS", "henshin", "one plain mail address"),
        ("NOTIFIER_REPLY_ADDRESS", "kigen@notifier.example", "another address than NOTIFIER_MAIL_FROM"),
        ("NOTIFIER_REPLY_ADDRESS", "a+b@notifier.example", "no +"),
        ("NOTIFIER_REPLY_ADDRESS", f"{'a' * 33}@notifier.example", "32 characters"),
        ("NOTIFIER_INTAKE_PORT", "2424", "needs NOTIFIER_REPLY_ADDRESS"),
    ],
)
def test_an_address_that_cannot_take_answers_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=re.escape(said)):
        load_settings()

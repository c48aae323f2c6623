"""The settings: the only reader of the environment.

Each setting is a variable `NOTIFIER_…` in the environment or in a file `.env` in the working folder; the
environment wins. An empty variable counts as not set. With nothing set, `notifier up` runs.
"""

import contextlib
import difflib
import re
import secrets
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict

from notifier.domain.returns import LONGEST_LOCAL
from notifier.errors import SettingsError

PREFIX = "NOTIFIER_"
KEPT = Path("var")
"""The folder, relative to the working one, for what the program keeps when nothing else is set."""
DEMO_SENDER = "kigen@notifier.example"
"""The sender of the demonstration; mail from it cannot be answered and should not leave the machine."""
PORTS = {"none": 25, "starttls": 587, "tls": 465}
DATABASE = re.compile(r"(sqlite(\+aiosqlite)?|postgres|postgresql(\+asyncpg)?)://.*", re.DOTALL)
ADDRESS = re.compile(r"[^@\s<>(),;:\"\\]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)

Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """What can be set, with its default. Secrets never show in a representation, a message or a log."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",  # a .env file is shared with others; `load_settings` looks for our own misspelt names
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    database_url: SecretStr = Field(
        SecretStr(f"sqlite+aiosqlite:///{KEPT}/notifier.sqlite3"),
        description="Where everything is kept: `sqlite+aiosqlite:///file` for one host, "
        "`postgresql+asyncpg://user:password@host/name` to scale out.",
    )
    http_host: str = Field("127.0.0.1", description="Address the web door listens on.")
    http_port: Port = Field(8080, description="Port the web door listens on.")
    metrics_host: str = Field(
        "127.0.0.1",
        description="Address on which `/metrics`, `/readyz` and `/healthz` are served to those who watch.",
    )
    metrics_port: Port = Field(
        0,
        description="Port for it; of several worker processes the second takes the next one, and so on. 0: closed.",
    )
    base_url: str = Field(
        "",
        description="How the web door is reached from outside; links in letters begin with it.",
        json_schema_extra={"shown": "from host and port"},
    )
    smtp_host: str | None = Field(
        None, description="Mail relay that takes the letters. Not set: letters wait, nothing is sent."
    )
    smtp_tls: Literal["none", "starttls", "tls"] = Field(
        "starttls",
        description="How the connection to the relay is secured: `none`, `starttls` or `tls`. Never lowered.",
    )
    smtp_port: Port = Field(
        0,
        description="Port of the relay.",
        json_schema_extra={"shown": "587; 465 for `tls`, 25 for `none`"},
    )
    smtp_username: str | None = Field(None, description="User name for the relay, if it asks for one.")
    smtp_password: SecretStr | None = Field(None, description="Password for the relay. Secret.")
    smtp_connections: Annotated[int, Field(ge=1, le=100)] = Field(
        4, description="How many connections to the relay may be open at once, in each process."
    )
    mail_from: str = Field(DEMO_SENDER, description="Address the letters come from and bounces go to.")
    reply_address: str | None = Field(
        None,
        description="Address at which answers to letters are taken, with what is sent back to it as `name+…@`; of the same"
        " domain as NOTIFIER_MAIL_FROM. Not set: letters do not invite to answer by mail.",
    )
    intake_host: str = Field(
        "127.0.0.1", description="Address on which mail to NOTIFIER_REPLY_ADDRESS is taken over LMTP or SMTP."
    )
    intake_port: Port = Field(
        0,
        description="Port for it, to which the mail server hands such mail. 0: closed; see `notifier mail take`.",
    )
    sender_name: str = Field("介護事業所 期限通知", description="Name shown beside the sender's address.")
    sender_contact: str = Field(
        "", description="Whom to ask, printed at the foot of each letter: a name, a telephone number."
    )
    editor_address: str | None = Field(
        None, description="Address of the rule editor, who is asked when sources contradict each other."
    )
    dkim_selector: str | None = Field(
        None, description="DKIM selector the relay signs with; `notifier check` looks it up."
    )
    sign_in: Literal["auto", "required", "off"] = Field(
        "auto",
        description="Whether the pages ask who is there: `required`, `off`, or `auto`: off only if both"
        " NOTIFIER_HTTP_HOST and NOTIFIER_BASE_URL are this machine's own (loopback).",
    )
    oidc_issuer: str | None = Field(
        None,
        description="Provider of identities (OpenID Connect) over which users may sign in as well, such as"
        " `https://id.example.jp/realms/city`; it sends browsers back to NOTIFIER_BASE_URL`/login/oidc/callback`.",
    )
    oidc_client_id: str | None = Field(None, description="Name under which the provider knows this service.")
    oidc_client_secret: SecretStr | None = Field(None, description="Secret that goes with that name. Secret.")
    oidc_scopes: str = Field(
        "openid email", description="What the provider is asked for; `openid` must be among it."
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Key that signs links and sessions: 32 characters or more, equal on all hosts. Secret.",
        json_schema_extra={"shown": f"made once and kept in `{KEPT}/secret-key`"},
    )
    former_secret_keys: SecretStr | None = Field(
        None,
        description="Keys that signed links before, newest first, separated by commas: links go on working until they"
        " expire, new ones are signed with the present key. Leave one out to make all its links invalid at once. Secret.",
    )
    webhook_networks: str = Field(
        "",
        description="Networks that webhooks may be posted to and sources watched in although they are not public, such"
        " as `10.1.0.0/16`; several are separated by commas.",
    )
    webhook_plain_http: bool = Field(
        default=False,
        description="Whether webhooks may be posted over `http://`, to be read by whoever is on the way.",
        json_schema_extra={"shown": "`false`"},
    )
    trusted_proxies: str = Field(
        "",
        description="Networks of proxies before the web door, such as `10.1.0.0/16`; several are separated by commas."
        " Only from these is `X-Forwarded-For` believed.",
    )
    templates_dir: Path | None = Field(
        None, description="Folder of templates that take the place of shipped ones of the same name."
    )
    log_format: Literal["console", "json"] = Field(
        "console", description="Form of the log on standard error: `console` for people, `json` for programs."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="What is logged: `debug`, `info`, `warning` or `error` and what is graver."
    )

    @field_validator("database_url")
    @classmethod
    def _of_a_known_database(cls, value: SecretStr) -> SecretStr:
        if not DATABASE.fullmatch(value.get_secret_value()):
            message = "must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://"
            raise ValueError(message)
        return value

    @field_validator("base_url")
    @classmethod
    def _complete_base_url(cls, value: str, info: ValidationInfo) -> str:
        if not value and {"http_host", "http_port"} <= info.data.keys():
            host = info.data["http_host"]
            value = f"http://{f'[{host}]' if ':' in host else host}:{info.data['http_port']}"
        if value and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
            message = "must be a web address such as https://notifier.example.jp, without ? and #"
            raise ValueError(message)
        return value.rstrip("/")

    @field_validator("smtp_port")
    @classmethod
    def _usual_port(cls, value: int, info: ValidationInfo) -> int:
        return value or PORTS.get(info.data.get("smtp_tls", ""), 0)

    @field_validator("mail_from", "editor_address", "reply_address")
    @classmethod
    def _one_address(cls, value: str | None) -> str | None:
        if value is not None and not ADDRESS.fullmatch(value):
            message = "must be one plain mail address such as kigen@example.jp"
            raise ValueError(message)
        return value

    @field_validator("sender_name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            message = "must be one line without control characters"
            raise ValueError(message)
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer_over_tls(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value) if re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value) else urlsplit("")
        if parts.scheme != "https" and not _is_own(parts.hostname or ""):
            message = "must be a web address over https, such as https://id.example.jp, without ? and #"
            raise ValueError(message)
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _asks_for_openid(cls, value: str) -> str:
        if "openid" not in value.split() or not value.isascii() or not value.isprintable():
            message = "must be words with spaces between, openid among them"
            raise ValueError(message)
        return " ".join(value.split())

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            message = "must have 32 characters or more"
            raise ValueError(message)
        return value

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        try:
            read_networks(value)
        except ValueError as fault:
            message = f"must be networks such as 10.1.0.0/16, separated by commas: {fault}"
            raise ValueError(message) from None
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _some_networks(cls, value: str) -> str:
        cls._networks(value)
        if any(not each.prefixlen for each in read_networks(value)):
            message = "must not hold all addresses: anybody could say to be at any other"
            raise ValueError(message)
        return value

    @field_validator("templates_dir")
    @classmethod
    def _existing_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            message = f"is not a folder: {value}"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _name_and_password_together(self) -> Self:
        if (self.smtp_username is None) != (self.smtp_password is None):
            message = "NOTIFIER_SMTP_USERNAME and NOTIFIER_SMTP_PASSWORD must be set together"
            raise ValueError(message)
        if self.intake_port and self.reply_address is None:
            message = "NOTIFIER_INTAKE_PORT needs NOTIFIER_REPLY_ADDRESS"
            raise ValueError(message)
        local, _, _ = (self.reply_address or "").rpartition("@")
        if len(local) > LONGEST_LOCAL or "+" in local:
            message = (
                f"NOTIFIER_REPLY_ADDRESS: before the @ there may be {LONGEST_LOCAL} characters, and no +"
            )
            raise ValueError(message)
        if self.reply_address and self.reply_address.lower() == self.mail_from.lower():
            message = "NOTIFIER_REPLY_ADDRESS must be another address than NOTIFIER_MAIL_FROM"
            raise ValueError(message)
        oidc = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(oidc) and not all(oidc):
            message = "NOTIFIER_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET must be set together"
            raise ValueError(message)
        return self

    def asks_who_is_there(self, *, is_shown_off: bool = False) -> bool:
        """Tell whether the pages are for signed-in users only; the demonstration's only if that is set."""
        if self.sign_in != "auto" or is_shown_off:
            return self.sign_in == "required"
        return not all(map(_is_own, {self.http_host, urlsplit(self.base_url).hostname or ""}))

    @property
    def database_place(self) -> str:
        """The address of the database with its password masked, fit for a message or a log."""
        return masked(self.database_url.get_secret_value())

    @property
    def database_file(self) -> Path | None:
        """The file of a SQLite database, which need not exist yet; None for one in memory or on a server."""
        found = re.fullmatch(
            r"sqlite(?:\+aiosqlite)?:///([^?]+)(\?.*)?", self.database_url.get_secret_value()
        )
        return Path(found[1]) if found and found[1] != ":memory:" else None


def load_settings() -> Settings:
    """Read the settings from the environment and `.env`.

    Raises SettingsError, which names each variable that cannot be used, or one that is misspelt and what it
    probably should be.
    """
    try:
        _refuse_unknown_names()
        return Settings()
    except UnicodeDecodeError:
        message = "The file .env is not UTF-8; save it anew as UTF-8."
        raise SettingsError(message) from None
    except ValidationError as fault:
        faults = "; ".join(
            f"{_variable(each['loc'])}{each['msg'].removeprefix('Value error, ')}" for each in fault.errors()
        )
        message = f"{faults}. Correct this in the environment or in .env, or leave it out for the default."
        raise SettingsError(message) from None


def _variable(place: tuple[int | str, ...]) -> str:
    return f"{PREFIX}{str(place[0]).upper()}: " if place else ""


KEY: Final = f"{PREFIX}KEY"
"""Read by `notifier event send` alone: the key of a program. It is no setting, and not misspelt either."""


def _refuse_unknown_names() -> None:
    known = [f"{PREFIX}{name}".upper() for name in Settings.model_fields]
    sources = {"the environment": EnvSettingsSource(Settings), ".env": DotEnvSettingsSource(Settings)}
    for place, source in sources.items():
        given = (name.upper() for name in source.env_vars)
        for name in sorted(name for name in given if name.startswith(PREFIX) and name not in {*known, KEY}):
            near = difflib.get_close_matches(name, known, n=1, cutoff=0)
            message = f"{name} in {place} is no setting of this program; did you mean {near[0]}?"
            raise SettingsError(message)


def read_networks(written: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return networks that are separated by commas. Raises ValueError for anything else."""
    return tuple(ip_network(each.strip()) for each in written.split(",") if each.strip())


def _is_own(host: str) -> bool:
    """Tell whether a host is this machine's own, reached by nobody else."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def masked(address: str) -> str:
    """Return the address of a database with its password replaced by ***."""
    without = re.sub(r"(://[^:/@]*):.*@", r"\1:***@", address)
    return re.sub(r"(?i)(password=)[^&]*", r"\1***", without)


def former_keys(settings: Settings) -> tuple[str, ...]:
    """Return the keys that signed links before, newest first."""
    written = settings.former_secret_keys.get_secret_value() if settings.former_secret_keys else ""
    return tuple(each.strip() for each in written.split(",") if each.strip())


def kept_secret_key(settings: Settings, folder: Path = KEPT) -> SecretStr:
    """Return the key that signs links: the one that is set, or one made once and kept in `folder`.

    The file is readable by its owner alone. Raises SettingsError if it can be neither read nor written.
    """
    if settings.secret_key is not None:
        return settings.secret_key
    file = folder / "secret-key"
    draft = folder / f".secret-key-{secrets.token_hex(4)}"
    try:
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
            with contextlib.suppress(FileExistsError):  # another process was quicker; its key counts
                file.hardlink_to(draft)
            draft.unlink()
        return SecretStr(file.read_text(encoding="ascii"))
    except OSError as fault:
        message = f"The key in {file} cannot be kept: {fault.strerror}; set NOTIFIER_SECRET_KEY instead."
        raise SettingsError(message) from fault


def settings_table() -> str:
    """Return the table of all settings, in Markdown, as the README shows it."""
    rows = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        shown = extra.get("shown") or (f"`{default}`" if default not in {None, ""} else "–")
        rows.append(f"| `{PREFIX}{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(rows) + "\n"

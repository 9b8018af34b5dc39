"""The environment: defaults, every wrong value at once, a master key that is made once."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.settings import Settings, SettingsError, kept_key

KEY = base64.b64encode(bytes(range(32))).decode()


def test_without_variables_everything_has_a_default(tmp_path: Path):
    settings = Settings.read({"GUANXI_HOME": str(tmp_path / "home")})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.database_url is settings.redis_url is settings.smtp_url is None
    assert settings.trusted_proxies == ()
    assert len(settings.secret_key) == 32


def test_the_master_key_is_made_once_and_closed_to_others(tmp_path: Path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: kept_key(tmp_path / "home"), range(32)))
    assert len(keys) == 1
    path = tmp_path / "home" / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["secret.key"]


def test_a_broken_key_file_is_refused_and_not_replaced(tmp_path: Path):
    (tmp_path / "secret.key").write_text("too short")
    with pytest.raises(SettingsError, match="32 bytes"):
        Settings.read({"GUANXI_HOME": str(tmp_path)})
    assert (tmp_path / "secret.key").read_text() == "too short"


def test_all_wrong_values_are_told_at_once(tmp_path: Path):
    wrong = {
        "PORT": "99999",
        "HOST": "example.com",
        "WEB_WORKERS": "many",
        "DATABASE_URL": "mysql://localhost/x",
        "REDIS_URL": "localhost:6379",
        "SMTP_URL": "http://mail",
        "GUANXI_MAIL_FROM": "nobody",
        "GUANXI_OPERATOR_EMAIL": "nobody",
        "GUANXI_BANK_ACCOUNT": "bell \a",
        "GUANXI_OUTBOUND_NETWORKS": "10.0.0.0/99",
        "GUANXI_PUBLIC_URL": "crm.example.com",
        "GUANXI_SECRET_KEY": "short",
        "GUANXI_LOG_LEVEL": "loud",
        "GUANXI_LOG_FORMAT": "xml",
        "GUANXI_TRUSTED_PROXIES": "10.0.0.0/8, proxy",
        "GUANXI_RATE_KEY_PER_MINUTE": "-1",
    }
    with pytest.raises(SettingsError) as caught:
        Settings.read({**wrong, "GUANXI_HOME": str(tmp_path / "home")})
    assert set(caught.value.problems) == set(wrong)
    assert not (tmp_path / "home").exists()


def test_a_secret_is_shown_neither_by_an_error_nor_by_the_settings(tmp_path: Path):
    settings = Settings.read({"GUANXI_HOME": str(tmp_path), "GUANXI_SECRET_KEY": KEY})
    assert settings.secret_key == bytes(range(32))
    assert "secret_key" not in repr(settings)
    with pytest.raises(SettingsError) as caught:
        Settings.read({"GUANXI_HOME": str(tmp_path), "GUANXI_SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("postgres://u:p@db:5433/crm", "postgresql://u:p@db:5433/crm"),
        ("postgresql+asyncpg://u@db/crm", "postgresql://u@db/crm"),
        ("postgresql://u@/crm?host=/run/pg", "postgresql://u@/crm?host=/run/pg"),
    ],
)
def test_database_urls_lose_the_driver(tmp_path: Path, given: str, taken: str):
    settings = Settings.read({"GUANXI_HOME": str(tmp_path), "DATABASE_URL": given})
    assert settings.database_url == taken


def test_proxies_ports_and_addresses_are_read(tmp_path: Path):
    environ = {
        "GUANXI_HOME": str(tmp_path),
        "HOST": "::1",
        "PORT": "9000",
        "GUANXI_TRUSTED_PROXIES": "10.0.0.1, fd00::/8",
        "REDIS_URL": "unix:///run/valkey.sock",
    }
    settings = Settings.read(environ)
    assert settings.public_url == "http://[::1]:9000"
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.1/32", "fd00::/8"]


def test_an_account_may_have_several_lines(tmp_path: Path):
    told = r"开户行：　招商银行 \n 账号 6225"
    settings = Settings.read({"GUANXI_HOME": str(tmp_path), "GUANXI_BANK_ACCOUNT": told})
    assert settings.bank_account == "开户行：　招商银行\n账号 6225"

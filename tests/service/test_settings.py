"""Settings from the environment: bad ones are refused at start, and the README lists all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from classifier.errors import SettingError
from service.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FENBAN_MAX_BODY", "10MB"),
        ("FENBAN_MAX_BATCH", "-1"),
        ("FENBAN_MAX_BODY", "０"),
        ("FENBAN_RATE", "0.5"),
        ("FENBAN_MIN_DISK", "x"),
        ("FENBAN_RECORD", "yes"),
        ("FENBAN_LOG_LEVEL", "loud"),
        ("FENBAN_DATABASE", "mysql://root@db/fenban"),
        ("FENBAN_DATABASE", "not a url"),
    ],
)
def test_a_bad_setting_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name):
        Settings.from_environment({name: value})


def test_a_password_in_a_bad_url_is_not_repeated() -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_environment({"FENBAN_DATABASE": "mysql://root:geheim@db/fenban"})
    assert "geheim" not in str(refused.value)


def test_without_settings_all_is_kept_in_one_folder() -> None:
    settings = Settings.from_environment({"FENBAN_DATA": "/var/lib/fenban"})
    assert settings.database_url == "sqlite:////var/lib/fenban/fenban.db"


def test_the_readme_lists_every_setting() -> None:
    source = "".join((ROOT / name).read_text("utf-8") for name in ("service/settings.py", "classifier/settings.py"))
    wanted = set(re.findall(r'"(FENBAN_[A-Z_]+)"', source))
    listed = set(re.findall(r"^\| `(FENBAN_[A-Z_]+)`", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    assert wanted == listed

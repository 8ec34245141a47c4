"""`fenban keys` beside a running `fenban serve`, as an administrator uses them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from classifier import cli, terminal
from classifier.settings import Places


@pytest.fixture(autouse=True)
def _environment(places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FENBAN_LEDGERS", str(places.ledgers))
    monkeypatch.setenv("FENBAN_DATA", str(tmp_path / "data"))
    yield


def test_the_first_key_comes_with_one_for_the_administrator(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["keys", "list"]) == terminal.DONE
    assert "还没有密钥" in capsys.readouterr().out
    assert cli.run(["keys", "create", "--name", "平台", "--role", "intake", "--json"]) == terminal.DONE
    made = json.loads(capsys.readouterr().out)
    assert [one["role"] for one in made] == ["admin", "intake"]
    assert cli.run(["keys", "create", "--name", "另一平台", "--ledger", "small", "--days", "30"]) == terminal.DONE
    shown = capsys.readouterr()
    assert shown.out.count("fb_") == 1
    assert "只显示这一次" in shown.err
    assert cli.run(["keys", "list"]) == terminal.DONE
    listed = capsys.readouterr().out
    assert listed.count("\n") == 3
    assert "fb_" not in listed


def test_a_revoked_key_is_listed_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["keys", "create", "--name", "甲", "--role", "admin", "--json"]) == terminal.DONE
    (made,) = json.loads(capsys.readouterr().out)
    assert cli.run(["keys", "revoke", made["id"]]) == terminal.DONE
    assert cli.run(["keys", "list", "--json"]) == terminal.DONE
    output = capsys.readouterr().out
    assert "已吊销" in output
    assert json.loads(output.splitlines()[-1])[0]["revoked"] is not None
    assert cli.run(["keys", "revoke", "00000000"]) == terminal.BAD_INPUT
    assert "没有编号为 00000000 的密钥" in capsys.readouterr().err


def test_a_key_for_a_ledger_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["keys", "create", "--name", "甲", "--ledger", "nowhere"]
    assert cli.run(arguments) == terminal.NOTHING_TO_WORK_WITH
    assert "没有找到台账“nowhere”" in capsys.readouterr().err

"""The command line as its users meet it: output, exit codes, help."""

from __future__ import annotations

import io
import itertools
import json
import shlex
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from classifier import cli, terminal
from classifier.commands import MODULES
from classifier.settings import Places

README = Path(__file__).parents[2] / "README.md"
COMMANDS = [command.name for command in cli._commands("")]


@pytest.fixture(autouse=True)
def _environment(own_places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENBAN_LEDGERS", str(own_places.ledgers))
    monkeypatch.setenv("FENBAN_MODELS", ":".join(map(str, own_places.models)))


def test_only_the_modules_of_the_command_asked_for_are_loaded() -> None:
    """What a clerk waits for is the start of the program: training and serving have heavy libraries."""
    loaded = "import sys; from classifier import cli; cli._commands('suggest'); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True).stdout.split()
    assert "classifier.desk" in modules
    assert not {"sklearn", "pandas", "fastapi", "sqlalchemy", "scipy.stats"} & set(modules)


def test_every_command_is_found_by_its_first_word() -> None:
    words = {name.split()[0] for name in COMMANDS}
    for word in words:
        found = {command.name for command in cli._commands(word)}
        assert {name for name in COMMANDS if name.split()[0] == word} <= found
    assert set(itertools.chain(*MODULES.values())) < words
    assert [command.name for command in cli._commands("keys")] == ["keys create", "keys list", "keys revoke"]


def test_a_suggestion_is_readable(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["suggest", "老板拖欠工资半年不给", "--title", "讨薪", "--ledger", "small"]) == terminal.DONE
    shown = capsys.readouterr().out
    assert "劳动/欠薪（B1）" in shown
    assert "人力资源社会保障（职责清单）" in shown
    assert "工资" in shown.split("依据")[1]


def test_json_holds_the_whole_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["suggest", "老板拖欠工资半年不给", "--ledger", "small", "--json"]) == terminal.DONE
    answer = json.loads(capsys.readouterr().out)
    assert answer["categories"][0]["category"] == {"code": "B1", "name": "欠薪", "path": "劳动/欠薪"}
    assert answer["decision"]["verdict"] in ("auto", "suggest")
    assert answer["model"] == "small/v1"


def test_text_may_come_from_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("路灯坏了没人修"))
    assert cli.run(["suggest", "--ledger", "small"]) == terminal.DONE
    assert "路灯" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("suggest ！！！ --ledger small", terminal.BAD_INPUT, "诉求内容为空"),
        ("suggest 路灯 --ledger nowhere", terminal.NOTHING_TO_WORK_WITH, "没有找到台账“nowhere”；现有：child、small"),
        ("suggest 路灯 --ledger small --model v9", terminal.NOTHING_TO_WORK_WITH, "没有版本 v9"),
        ("batch missing.csv out.csv --ledger small", terminal.BAD_INPUT, "文件不存在"),
        ("batch missing.csv out.doc --ledger small", terminal.BAD_INPUT, "不支持的文件格式"),
        ("audit missing.csv --ledger small", terminal.BAD_INPUT, "文件不存在"),
        ("adapt missing.csv --ledger small", terminal.BAD_INPUT, "文件不存在"),
        ("models show v9 --ledger small", terminal.NOTHING_TO_WORK_WITH, "没有版本 v9"),
        ("catalogue check nowhere", terminal.NOTHING_TO_WORK_WITH, "没有找到台账"),
    ],
)
def test_each_failure_has_its_exit_code_and_says_what_to_do(
    arguments: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(shlex.split(arguments)) == code
    assert said in capsys.readouterr().err


def test_an_error_as_json_has_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["suggest", "！！", "--ledger", "small", "--json"]) == terminal.BAD_INPUT
    assert json.loads(capsys.readouterr().out)["error"] == "empty_complaint"


def test_wrong_use_ends_with_two() -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run(["batch", "only-one-file.csv"])
    assert ended.value.code == terminal.WRONG_USE


def test_batch_train_evaluate_and_models_work_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "标注.csv"
    data.write_text("id,text,category\n1,路灯不亮,LD\n2,拖欠工资,工资问题\n3,河水臭,HJ\n4,路面有坑,LD\n", "gb18030")
    assert cli.run(["train", str(data), "--ledger", "child"]) == terminal.DONE
    assert cli.run(["models", "list", "--ledger", "child", "--json"]) == terminal.DONE
    output = capsys.readouterr().out
    assert '"version": "v1"' in output
    assert '"in_use": false' in output
    assert cli.run(["models", "promote", "v1", "--ledger", "child"]) == terminal.BAD_INPUT
    assert "没有显著更好" in capsys.readouterr().err
    assert cli.run(["models", "promote", "v1", "--ledger", "child", "--force", "--reason", "试用"]) == terminal.DONE
    assert cli.run(["models", "compare", "v1", "small/v1", "--ledger", "child", "--data", str(data)]) == terminal.DONE
    assert "在同样的 4 件上比较" in capsys.readouterr().out
    assert cli.run(["evaluate", str(data), "--ledger", "child", "--json"]) == terminal.DONE
    figures = json.loads(capsys.readouterr().out)
    assert (figures["model"], figures["rows"], figures["answered"]) == ("child/v1", 4, 4)
    assert cli.run(["batch", str(data), str(tmp_path / "out.csv"), "--ledger", "child"]) == terminal.DONE
    assert "gb18030" in capsys.readouterr().out
    assert "child/v1" in (tmp_path / "out.csv").read_text("utf-8-sig")
    assert cli.run(["models", "shadow", "v1", "--ledger", "child"]) == terminal.DONE
    assert "child 影子运行 v1" in capsys.readouterr().out
    assert cli.run(["models", "shadow", "--ledger", "child", "--json"]) == terminal.DONE
    assert json.loads(capsys.readouterr().out) == {"in_shadow": None}
    assert cli.run(["models", "shadow", "v9", "--ledger", "child"]) == terminal.NOTHING_TO_WORK_WITH
    capsys.readouterr()
    assert cli.run(["models", "rollback", "--ledger", "child"]) == terminal.DONE
    assert "上级台账的模型" in capsys.readouterr().out
    assert cli.run(["models", "rollback", "--ledger", "child"]) == terminal.NOTHING_TO_WORK_WITH


def test_an_evaluation_tells_how_a_version_does_over_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "标注.csv"
    rows = [
        f"{place}路的路灯不亮,LD,2026-0{month}-1{day}" for month in (1, 2) for day in range(5) for place in "东西南北中"
    ]
    data.write_text("text,category,date\n" + "\n".join(rows), "utf-8")
    assert cli.run(["evaluate", str(data), "--ledger", "child"]) == terminal.DONE
    output = capsys.readouterr().out
    assert "2026-01  25 件" in output
    assert "最近（2026-02）" in output
    assert cli.run(["evaluate", str(data), "--ledger", "child", "--json"]) == terminal.DONE
    told = json.loads(capsys.readouterr().out)["timeline"]
    assert [(one["first"], one["rows"]) for one in told["periods"]] == [("2026-01", 25), ("2026-02", 25)]
    assert told["undated"] == 0


def test_a_training_is_promoted_when_the_gate_lets_it_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The place files lamps under 环境问题, against the crosswalk; labels dealt at random do not pass after that."""
    good, bad = tmp_path / "标注.csv", tmp_path / "乱标.csv"
    texts = [f"{place}的路灯{state}" for place in "东西南北中" for state in ("坏了", "不亮", "灭了", "没人修")]
    good.write_text("text,category\n" + "".join(f"{text},HJ\n" for text in texts), "utf-8")
    bad.write_text(
        "text,category\n" + "".join(f"{text},{'HJ' if at % 2 else 'GZ'}\n" for at, text in enumerate(texts)), "utf-8"
    )
    assert cli.run(["train", str(good), "--ledger", "child", "--promote"]) == terminal.DONE
    shown = capsys.readouterr().out
    assert "child/v1（已启用）" in shown
    assert "检验通过" in shown
    assert cli.run(["train", str(bad), "--ledger", "child", "--promote"]) == terminal.ROWS_IN_ERROR
    assert "检验未通过" in capsys.readouterr().out
    assert cli.run(["models", "list", "--ledger", "child", "--json"]) == terminal.DONE
    assert [one["in_use"] for one in json.loads(capsys.readouterr().out)] == [True, False]


def test_a_batch_with_rows_in_error_ends_with_one(tmp_path: Path) -> None:
    data = tmp_path / "in.csv"
    data.write_text("text,title\n路灯不亮,\n,\n。,\n", "utf-8")
    assert cli.run(["batch", str(data), str(tmp_path / "out.csv"), "--ledger", "small"]) == terminal.ROWS_IN_ERROR


def test_an_audit_lists_problems_by_row_and_writes_them_to_a_spreadsheet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, problems = tmp_path / "标注.csv", tmp_path / "问题.xlsx"
    data.write_text("内容,类别\n路灯一个月不亮没人修,路灯\n路灯一个月不亮，没人修！,路灯\n工资没发,哪一类\n", "utf-8")
    arguments = ["audit", str(data), "--ledger", "small", "--enough", "1", "--output", str(problems)]
    assert cli.run(arguments) == terminal.ROWS_IN_ERROR
    shown = capsys.readouterr().out
    assert "类别不明 标注.csv:4" in " ".join(shown.split())
    assert "重复 标注.csv:3" in " ".join(shown.split())
    assert "没人修" not in shown
    sheet = openpyxl.load_workbook(problems).active
    assert [row[:2] for row in sheet.iter_rows(max_row=3, values_only=True)] == [
        ("问题", "位置"),
        ("类别不明", "标注.csv:4"),
        ("重复", "标注.csv:3"),
    ]
    assert cli.run(["audit", "--ledger", "small", "--enough", "1", "--json"]) == terminal.DONE
    assert json.loads(capsys.readouterr().out)["remarks"] == []


def test_an_audit_without_a_model_says_so_and_finds_what_needs_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ledgers: Path
) -> None:
    arguments = ["audit", "--ledger", "small", "--enough", "1", "--json"]
    assert cli.run([*arguments, "--no-model"]) == terminal.DONE
    assert json.loads(capsys.readouterr().out)["notes"] == ["没有用模型复核类别、用语和判对情况：按 --no-model"]
    # A base without a complaint of its own, from which no model can be built.
    folder = tmp_path / "bare"
    folder.mkdir()
    for path in (ledgers / "small").glob("*.*"):
        (folder / path.name).write_bytes(path.read_bytes())
    data = tmp_path / "a.csv"
    data.write_text("text,category\n路灯不亮一个月了,路灯\n路灯不亮一个月了！,欠薪\n", "utf-8")
    monkeypatch.setenv("FENBAN_MODELS", str(tmp_path / "models"))
    assert cli.run(["audit", str(data), "--ledger", str(folder), "--json"]) == terminal.DONE
    audit = json.loads(capsys.readouterr().out)
    assert "还没有可用的模型" in audit["notes"][0]
    assert audit["remarks"][0]["problem"] == "contradiction"


def test_corrections_of_an_audit_are_carried_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, problems, corrected = tmp_path / "标注.csv", tmp_path / "问题.csv", tmp_path / "标注2.csv"
    data.write_text("内容,类别\n路灯一个月不亮没人修,路灯\n路灯一个月不亮，没人修！,欠薪\n", "utf-8")
    assert cli.run(["audit", str(data), "--ledger", "small", "--output", str(problems)]) == terminal.DONE
    lines = problems.read_text("utf-8-sig").splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith("同文异类"))
    problems.write_text("\n".join([lines[0], lines[at] + "路灯"]) + "\n", "gb18030")
    arguments = ["audit", str(data), "--ledger", "small", "--apply", str(problems)]
    assert cli.run(arguments) == terminal.WRONG_USE
    assert cli.run([*arguments, "--output", str(corrected)]) == terminal.DONE
    assert "2 行，改正 1 行，删除 0 行" in capsys.readouterr().out
    assert corrected.read_text("utf-8-sig").splitlines()[2] == "路灯一个月不亮，没人修！,路灯"
    problems.write_text("位置,改为\n标注.csv:2,噪声\n别的.csv:2,噪声\n", "utf-8")
    assert cli.run([*arguments, "--output", str(corrected)]) == terminal.DONE
    assert "另有 1 处改正属于其他文件" in capsys.readouterr().err
    assert cli.run([*arguments, "--output", str(corrected), "--json"]) == terminal.DONE
    assert json.loads(capsys.readouterr().out) == {"rows": 2, "changed": 1, "deleted": 0, "elsewhere": 1}


def test_training_names_departments_that_nobody_knows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "标注.csv"
    data.write_text("text,category,department\n路灯不亮,LD,路灯所\n拖欠工资,GZ,人社局\n", "utf-8")
    assert cli.run(["train", str(data), "--ledger", "child"]) == terminal.DONE
    assert "没有部门“路灯所”：1 行训练时不计" in capsys.readouterr().err


def test_adapting_says_what_changed_and_the_version_can_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backlog = tmp_path / "积压.csv"
    backlog.write_bytes("诉求内容\n路灯不亮了\n工资三个月没发\n公交车总不来\n街灯灭了\n".encode("gbk"))
    assert cli.run(["adapt", str(backlog), "--ledger", "child", "--promote"]) == terminal.ROWS_IN_ERROR
    shown = capsys.readouterr().out
    assert "child/v1（未启用" in shown
    assert "积压 4 件，学习其中 4 件" in shown
    assert "检验未通过：可学的诉求只有 4 件" in shown
    assert cli.run(["models", "promote", "v1", "--ledger", "child"]) == terminal.BAD_INPUT
    assert "可学的诉求只有 4 件" in capsys.readouterr().err
    forced = ["adapt", str(backlog), "--ledger", "child", "--promote", "--force", "--reason", "试用"]
    assert cli.run(forced) == terminal.DONE
    assert "child/v2（已启用）" in capsys.readouterr().out
    assert cli.run(["suggest", "街灯不亮", "--ledger", "child", "--json"]) == terminal.DONE
    assert json.loads(capsys.readouterr().out)["model"] == "child/v2"
    assert cli.run(["adapt", str(backlog), "--ledger", "child", "--json"]) == terminal.DONE
    told = json.loads(capsys.readouterr().out)
    assert (told["promoted"], told["gate"]["passed"]) == (False, False)


def test_a_sound_ledger_passes_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["catalogue", "check", "small"]) == terminal.DONE
    assert "0 处错误" in capsys.readouterr().out


def test_a_wrong_label_is_found_by_the_check(tmp_path: Path, ledgers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "copy"
    (folder / "complaints").mkdir(parents=True)
    for path in (ledgers / "small").glob("*.*"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "complaints" / "a.csv").write_text(
        "text,category,department\n路灯坏了,路灯,路灯所\n坏了,没有这类,\n", "utf-8"
    )
    assert cli.run(["catalogue", "check", str(folder)]) == terminal.BAD_INPUT
    shown = capsys.readouterr().out
    assert "complaints/a.csv 第 3 行 “category” 列：没有这个类别：没有这类" in shown
    assert "提示  complaints/a.csv “department” 列：没有部门“路灯所”，1 行训练时不计这个部门" in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run([*name.split(), "--help"])
    assert ended.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_every_command_of_the_readme_can_be_parsed() -> None:
    blocks = README.read_text("utf-8").split("```sh")[1:]
    lines = [line.partition("#")[0] for block in blocks for line in block.split("```")[0].splitlines()]
    commands = [line.replace("./run", "fenban", 1) for line in lines if line.startswith(("fenban ", "./run "))]
    parser = cli._parser(cli._commands(""))
    parsed = [parser.parse_args(shlex.split(line)[1:]) for line in commands if not line.startswith("fenban test")]
    assert len(parsed) >= 10
    assert {name.split()[0] for name in COMMANDS} <= {line.split()[1] for line in commands}

"""The report of a training or an evaluation: JSON for programs, one self-contained page for people."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

from classifier.learn.charts import Axis, line_chart
from classifier.presentation import months

if TYPE_CHECKING:  # scikit-learn loads with it, which answering a complaint never needs
    from classifier.learn.figures import Figures

_SHOWN: Final = 30
_A_MONTH: Final = 30.44
"""Days."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a version.

    `facts` are those of its manifest that a reader asks for: rows, curve, newest, timeline, comparison, gate. `changed`
    names the rows whose first category differs from the version in use. `monthly` is how many complaints come in a
    month, 1,000 where the rows have no dates. `megabytes` is the bundle's size, `milliseconds` the median of one
    suggestion.
    """

    title: str
    model: str
    created: str
    figures: Figures
    facts: Mapping[str, Any]
    changed: tuple[str, ...] = ()
    monthly: float | None = None
    megabytes: float | None = None
    milliseconds: float | None = None
    departments: tuple[float, float] | None = None


def monthly_rows(days: Sequence[dt.date | None], rows: int) -> float | None:
    """Return how many of `rows` complaints came in a month, by the days of an even part of them.

    At least half must have a date and these must span two weeks; else None.
    """
    known = sorted(day for day in days if day)
    if len(known) * 2 < len(days) or not known or (known[-1] - known[0]).days < 14:
        return None
    return rows / ((known[-1] - known[0]).days + 1) * _A_MONTH


def report_json(report: Report) -> str:
    """Return the report as JSON."""
    shown = asdict(report)
    month = report.monthly or 1000
    for one, simulated in zip(shown["figures"]["simulated"], report.figures.simulated, strict=True):
        one["returns"] = round(simulated.returns(month), 1)
    shown["returns_per"] = "month" if report.monthly else "1000"
    return json.dumps(shown, ensure_ascii=False, indent=1)


def report_html(report: Report) -> str:
    """Return the report as one page that needs nothing else."""
    parts = [_summary(report), _gate(report), _simulator(report), _plots(report), _categories(report), _sets(report)]
    parts += [_timeline(report), _confused(report), _changed(report), _trials(report)]
    body = "\n".join(part for part in parts if part)
    name = escape(f"{report.title} {report.model}")
    return _PAGE.replace("{name}", name).replace("{created}", escape(report.created)).replace("{body}", body)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; every cell but the first of a row is a number."""
    top = "".join(f"<th scope=col>{escape(cell)}</th>" for cell in head)
    lines = "".join(
        f"<tr><th scope=row>{escape(row[0])}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in row[1:])}</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.1%}"


def _chance(p_value: float) -> str:
    return "< 0.001" if p_value < 0.001 else f"= {p_value:.3f}"


def _summary(report: Report) -> str:
    figures = report.figures
    rows = [
        ("诉求", f"{figures.rows:,} 件"),
        ("其中参与训练（按留出时的回答计）", f"{figures.learnt_from:,} 件"),
        ("有回答", f"{figures.answered:,} 件"),
        ("准确率", _percent(figures.accuracy)),
        ("宏平均 F1", f"{figures.macro_f1:.3f}"),
        ("前二命中", _percent(figures.top2)),
        ("前三命中", _percent(figures.top3)),
        ("校准误差（ECE）", f"{figures.calibration_error:.3f}"),
        ("97.5% 正确时最多可覆盖", _percent(figures.coverage_975)),
    ]
    if newest := report.facts.get("newest"):
        name = f"用 {newest['since']} 以前的 {newest['past']:,} 件训练，检验此后的 {newest['rows']:,} 件"
        rows.append((name, f"准确率 {_percent(newest['accuracy'])}，宏平均 F1 {newest['macro_f1']:.3f}"))
    if report.departments is not None:
        first, three = report.departments
        rows += [("主办部门首选命中", _percent(first)), ("主办部门前三命中", _percent(three))]
        month, unit = (report.monthly, "每月") if report.monthly else (1000.0, "每千件")
        rows.append((f"{unit}预计退单（都派给首选部门）", f"{month * (1 - first):,.0f}"))
    if report.milliseconds is not None:
        rows.append(("一次建议（中位数）", f"{report.milliseconds:.2f} 毫秒"))
    if report.megabytes is not None:
        rows.append(("模型大小", f"{report.megabytes:.0f} MB"))
    return "<h2>概要</h2>" + _table(("", "数值"), rows)


def _gate(report: Report) -> str:
    comparison, gate = report.facts.get("comparison"), report.facts.get("gate")
    if not comparison or not gate:
        return ""
    verdict = "检验通过" if gate["passed"] else "检验未通过"
    findings = "".join(f"<li>{escape(finding)}</li>" for finding in gate["findings"])
    rows = [
        ("准确率", _percent(comparison["accuracy_before"]), _percent(comparison["accuracy_after"])),
        ("宏平均 F1", f"{comparison['macro_f1_before']:.3f}", f"{comparison['macro_f1_after']:.3f}"),
        ("可自动分办", _percent(comparison["automatic_before"]), _percent(comparison["automatic_after"])),
    ]
    note = (
        f"同样的 {comparison['rows']:,} 件：改对 {comparison['gained']} 件，改错 {comparison['lost']} 件，"
        f"p {_chance(comparison['p_value'])}（单侧 McNemar 检验）。"
    )
    table = _table(("", f"使用中的 {comparison['other']}", "新版本"), rows)
    return f"<h2>与使用中的版本比较：{verdict}</h2><ul>{findings}</ul><p>{escape(note)}</p>{table}"


def _simulator(report: Report) -> str:
    month, unit = (report.monthly, "每月") if report.monthly else (1000.0, "每千件")
    rows = [
        (
            f"{one.target:.1%}",
            _percent(one.share),
            _percent(one.right),
            f"{month * one.share:,.0f}",
            f"{one.returns(month):,.1f}",
        )
        for one in report.figures.simulated
    ]
    head = ("要求的准确率", "自动分办的比例", "其中正确", f"{unit}自动分办", f"{unit}预计错分")
    note = "门槛在一半诉求上选定，在另一半上检验。"
    parts = [f"<h2>自动分办门槛模拟</h2><p>{note}</p>", _table(head, rows)]
    for title, shares in (
        ("类别", [one.by_category for one in report.figures.simulated]),
        ("主办部门", [one.by_department for one in report.figures.simulated]),
    ):
        names = list(shares[0])
        if names:
            lines = [(name, *(_percent(one.get(name)) for one in shares)) for name in names]
            targets = [f"{one.target:.1%}" for one in report.figures.simulated]
            parts.append(f"<details><summary>按{title}</summary>{_table((title, *targets), lines)}</details>")
    return "".join(parts)


def _plots(report: Report) -> str:
    figures = report.figures
    share = Axis("预测概率", 0, 1)
    calibration = line_chart(
        "校准：说有几成把握，就有几成正确",
        share,
        Axis("实际正确", 0, 1),
        [("", [(one.probability, one.right) for one in figures.bins])],
        diagonal=True,
    )
    known = [(one.share, one.right) for one in figures.simulated if one.right is not None]
    low = min([right for _, right in known], default=0.9)
    automatic = line_chart(
        "自动分办的比例与准确率",
        Axis("自动分办的比例", 0, 1),
        Axis("其中正确", min(0.9, low), 1),
        [("", sorted(known))],
    )
    plots = [("校准", calibration), ("自动分办的比例与准确率", automatic)]
    curve = report.facts.get("curve") or []
    if len(curve) > 1:
        lowest = min(min(one["accuracy"], one["macro_f1"]) for one in curve)
        lines = [
            ("准确率", [(one["rows"], one["accuracy"]) for one in curve]),
            ("宏平均 F1", [(one["rows"], one["macro_f1"]) for one in curve]),
        ]
        rows = Axis("带类别的诉求（件）", 0, curve[-1]["rows"], percent=False)
        plots.append(("学习曲线", line_chart("学习曲线", rows, Axis("未见过的诉求", int(lowest * 10) / 10, 1), lines)))
    shown = "".join(f"<figure><figcaption>{title}</figcaption>{plot}</figure>" for title, plot in plots)
    return f"<h2>图</h2><div class=plots>{shown}</div>"


def _categories(report: Report) -> str:
    rows = [
        (one.category, f"{one.rows:,}", f"{one.said:,}", _percent(one.precision), _percent(one.recall), f"{one.f1:.3f}")
        for one in sorted(report.figures.categories, key=lambda one: one.f1)
    ]
    return "<h2>各类别</h2>" + _table(("类别", "件数", "判为此类", "查准", "查全", "F1"), rows)


def _sets(report: Report) -> str:
    sets = report.figures.sets
    rows = [(name, _percent(covered)) for name, covered in sorted(sets.covered.items(), key=lambda pair: pair[1])]
    note = f"每件给出一组类别，使每个类别都有 {sets.target:.0%} 的把握在内；平均每组 {sets.size:.2f} 个。"
    table = _table(("类别", "在组内"), rows)
    return f"<h2>候选类别组</h2><p>{note}</p><details><summary>各类别</summary>{table}</details>"


def _timeline(report: Report) -> str:
    told = report.facts.get("timeline")
    if not told:
        return ""
    rows = [
        (
            months(one["first"], one["last"]),
            f"{one['rows']:,}",
            _percent(one["right"]),
            _percent(one["confidence"]),
            _percent(one["automatic"]),
            _percent(one["automatic_right"]),
        )
        for one in told["periods"]
    ]
    table = _table(("月份", "件数", "判对", "平均把握", "可自动分办", "其中正确"), rows)
    return f"<h2>各月</h2><p>{escape(told['finding'])}。</p>{table}"


def _confused(report: Report) -> str:
    rows = [(f"{label} → {said}", f"{count:,}") for label, said, count in report.figures.confused[:_SHOWN]]
    return "<h2>最常见的错误</h2>" + _table(("标注 → 判为", "件数"), rows) if rows else ""


def _changed(report: Report) -> str:
    if not report.changed:
        return ""
    shown = "、".join(report.changed[:_SHOWN]) + ("……" if report.changed[_SHOWN:] else "")
    count = len(report.changed)
    return f"<h2>首选类别与使用中的版本不同的 {count:,} 件</h2><p class=rows>{escape(shown)}</p>"


def _trials(report: Report) -> str:
    trials = report.facts.get("trials")
    if not trials:
        return ""
    rows = [(one["setting"] or "原来的设置", f"{one['loss']:.4f}", "采用" if one["taken"] else "") for one in trials]
    note = "每种设置都用留出时的回答检验；只有明显更好的才采用，以后的都在它上面再变。"
    return f"<h2>试过的设置</h2><p>{note}</p>" + _table(("设置", "对数损失", ""), rows)


_PAGE: Final = """<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<style>
body { font: 16px/1.6 system-ui, sans-serif; color: #1c1c1c; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; margin: .5rem 0; }
th, td { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #ddd; text-align: right; }
td { font-variant-numeric: tabular-nums; }
th:first-child { text-align: left; font-weight: normal; } thead th { font-weight: 600; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; flex: 0 1 28rem; } svg { width: 100%; }
svg text { font-size: 12px; } .grid { stroke: #e3e3e3; } .even { stroke: #999; stroke-dasharray: 4 4; }
.rows { overflow-wrap: anywhere; } summary { cursor: pointer; }
</style>
<h1>{name}</h1>
<p>{created}</p>
{body}
</html>
"""

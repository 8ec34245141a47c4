"""A summary as one HTML file that needs nothing else: bars are SVG with real text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from classifier.summary.counting import COUNTED, Summary
from classifier.summary.sheets import (
    BY_HAND_COLUMNS,
    HOT_COLUMNS,
    MOST_REPEATED,
    REPEATED_COLUMNS,
    RETOLD_COLUMNS,
    by_hand_rows,
    hot_rows,
    overview,
    retold_rows,
)

_BARS: Final = 20
_LINE: Final = 26
_STYLE: Final = (
    "body{font:16px/1.6 system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif;max-width:70rem;margin:2rem auto;"
    "padding:0 1rem;color:#1b1b1b}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;"
    "padding:.3rem .5rem;text-align:left;vertical-align:top}svg{width:100%;height:auto}text{font-size:14px}"
)


def write_page(summary: Summary, path: Path) -> None:
    """Write the summary as HTML."""
    months = [("月份", summary.months)] if len(summary.months) > 1 else []
    charts = [*months, *((title, summary.counts[name]) for name, title in COUNTED.items())]
    body = [
        f"<h1>{escape(summary.source)}：汇总</h1>",
        _table(("项目", "数量"), overview(summary)),
        "<h2>热点事项</h2>",
        _table(HOT_COLUMNS, hot_rows(summary)) if summary.hot else "<p>没有多件诉求说到同一事项。</p>",
        "<h2>多次反映（内容相同或相近）</h2>",
        _table(RETOLD_COLUMNS, retold_rows(summary)) if summary.retold else "<p>没有内容相近的诉求。</p>",
        "<h2>须人工处理</h2>",
        _table(("原因", "件数"), summary.reasons),
        _table(BY_HAND_COLUMNS, by_hand_rows(summary)),
        "<h2>重复诉求</h2>",
        _table(REPEATED_COLUMNS, summary.repeated[:MOST_REPEATED]),
        *(f"<h2>{escape(title)}</h2>{_bars(title, counts)}" for title, counts in charts),
    ]
    head = f'<meta charset="utf-8"><title>{escape(summary.source)}：汇总</title><style>{_STYLE}</style>'
    page = f'<!DOCTYPE html><html lang="zh-CN"><head>{head}</head><body>{"".join(body)}</body></html>\n'
    path.write_text(page, encoding="utf-8", errors="replace")


def _table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    top = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    lines = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"


def _bars(title: str, counts: Sequence[tuple[str, int]]) -> str:
    """Draw the first of the counts as bars; the rest is one bar of its own."""
    shown = list(counts[:_BARS])
    rest = sum(count for _, count in counts[_BARS:])
    if rest:
        shown.append((f"其余 {len(counts) - _BARS} 项", rest))
    longest = max((count for _, count in shown), default=1)
    lines = []
    for at, (name, count) in enumerate(shown):
        width = max(1, round(420 * count / longest))
        lines.append(
            f'<text x="0" y="{at * _LINE + 18}">{escape(_short(name))}</text>'
            f'<rect x="420" y="{at * _LINE + 5}" width="{width}" height="16" fill="#2f6f9f"/>'
            f'<text x="{428 + width}" y="{at * _LINE + 18}">{count}</text>'
        )
    height = len(shown) * _LINE
    return f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 920 {height}">{"".join(lines)}</svg>'


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"…{name[-27:]}"

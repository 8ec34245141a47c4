"""What `/openapi.json` and `/docs` say beyond the routes: keys, and every error code, call by call."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI

from service.links import add_links
from service.schemas.errors import ErrorOut
from service.traffic import OPEN

CODES: Final[dict[str, tuple[int, str]]] = {
    "malformed_body": (400, "请求体不是可解析的 JSON 或表单"),
    "key_missing": (401, "没有带密钥"),
    "key_unknown": (401, "密钥无效或已吊销"),
    "key_expired": (401, "密钥已到期"),
    "keys_required": (403, "尚未设置密钥，只供本机使用"),
    "role_forbidden": (403, "密钥的角色不够"),
    "ledger_forbidden": (403, "密钥只用于另一个台账"),
    "cross_site": (403, "来自其他网站页面的请求"),
    "not_found": (404, "没有这个地址"),
    "ledger_not_found": (404, "没有这个台账"),
    "ticket_not_found": (404, "没有这张工单"),
    "job_not_found": (404, "没有这个任务"),
    "key_not_found": (404, "没有这个密钥"),
    "version_not_found": (404, "没有这个模型版本"),
    "method_not_allowed": (405, "这个地址不支持该方法"),
    "idempotency_conflict": (409, "Idempotency-Key 已用于内容不同的请求"),
    "admin_key_needed": (409, "第一个密钥须为 admin 角色"),
    "own_key": (409, "密钥不能吊销自己"),
    "job_not_finished": (409, "任务还没有结果"),
    "job_finished": (409, "任务已结束，不能取消"),
    "result_gone": (410, "任务的文件已按保存期删除"),
    "body_too_large": (413, "请求体过大"),
    "complaint_too_long": (413, "诉求过长"),
    "invalid_request": (422, "字段缺失、多余或类型不对"),
    "empty_complaint": (422, "诉求没有文字"),
    "not_text": (422, "诉求不是文本"),
    "batch_too_large": (422, "一次提交的件数过多"),
    "unknown_category": (422, "类别不在台账中"),
    "unknown_department": (422, "部门不在台账中"),
    "unknown_region": (422, "地区不在台账中"),
    "decision_incomplete": (422, "处理缺少必需的内容"),
    "bad_idempotency_key": (422, "Idempotency-Key 的值不能用"),
    "bad_catalogue": (422, "台账的表有错误"),
    "bad_table": (422, "文件无法读取"),
    "unreadable_file": (422, "文件损坏或名不副实"),
    "wrong_encoding": (422, "文件编码无法识别"),
    "missing_column": (422, "文件缺少必需的列"),
    "wrong_cell": (422, "文件某格的内容不对"),
    "promotion_refused": (409, "新版本未通过检验，没有启用"),
    "nothing_to_roll_back": (409, "没有可以退回的版本"),
    "nothing_to_compare": (409, "两个版本没有共同的诉求可供比较"),
    "nothing_unseen": (409, "这个版本学过给出的全部诉求，无法据此检验"),
    "cell_too_long": (422, "文件某格超过 Excel 单元格的上限"),
    "too_many_columns": (422, "列数超过 Excel 的上限"),
    "unwritable_file": (422, "结果无法写入"),
    "cannot_resume": (422, "上次中断后有改变，不能接着做"),
    "worker_lost": (500, "一个工作进程意外结束"),
    "cluster_failed": (500, "Spark 集群没有完成"),
    "cluster_missing": (503, "没有可用的 Spark 集群"),
    "unsupported_format": (422, "文件格式不支持"),
    "ledger_read_only": (422, "台账的文件夹不可写"),
    "ledger_name": (422, "新台账的名称不能用"),
    "ledger_exists": (422, "已有同名的台账"),
    "bad_webhook": (422, "回调地址不能用"),
    "too_many_requests": (429, "请求过快，按 Retry-After 的秒数重试"),
    "internal_error": (500, "服务内部错误，已记入日志"),
    "model_not_found": (503, "没有可用的模型"),
    "no_labelled_data": (503, "没有可供训练的诉求"),
    "empty_backlog": (503, "文件里没有可学习的内容"),
    "bundle_corrupt": (503, "模型文件损坏"),
    "bundle_incompatible": (503, "模型与程序不配套"),
    "store_unavailable": (503, "数据库暂时不能用"),
    "store_too_new": (503, "数据库比程序新"),
}
"""Every code an error may have, its status, and what it means."""

_TABLE: Final = "\n".join(f"| {status} | `{code}` | {meaning} |" for code, (status, meaning) in CODES.items())
DESCRIPTION: Final = f"""读群众诉求，提出类别和承办部门建议；记录建议与其后的处理；批量分办；管理模型。

- **密钥**：请求头 `Authorization: Bearer 密钥`。角色由低到高：`intake` 来文系统，`clerk` 受理员，`steward` 数据管理员，
  `admin` 管理员；高的可做低的能做的一切。未设置密钥时只供本机使用。
- **台账**：`?ledger=名称`；不写则用密钥所属的台账或默认台账。
- **重发**：会记录内容的 POST 可带 `Idempotency-Key`，同一请求只办一次。
- **请求编号**：`X-Request-ID` 原样返回；没有则由服务生成。日志里不含诉求内容。
- **错误**：一律为 `{{"error": 代码, "detail": 说明}}`，代码不会改变：

| 状态 | `error` | 含义 |
| --- | --- | --- |
{_TABLE}
"""

_UNSAID: Final = "Successful Response"
"""What FastAPI says of an answer of which nothing was said."""

_WITH_BODY: Final = (400, 413)
_ALWAYS: Final = (401, 403, 404, 409, 422, 429, 500, 503)


def complete(app: FastAPI) -> None:
    """Add to the document what FastAPI does not know: keys, and the errors that every call may answer."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _amend(describe())
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]


def _amend(document: dict[str, Any]) -> None:
    parts = document["components"]
    parts["schemas"]["ErrorOut"] = ErrorOut.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(unused, None)
    _show_examples(document)
    add_links(document)
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "由 fenban keys create 或 POST /v1/keys 生成的密钥"}
    }
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if path in OPEN:
                continue
            operation["security"] = [{"key": []}]
            statuses = (*_ALWAYS, *(_WITH_BODY if "requestBody" in operation else ()))
            for status in sorted(statuses):
                operation["responses"][str(status)] = _response(status)
            if path.endswith("/result"):
                operation["responses"]["410"] = _response(410)


def example_of(schema: dict[str, Any], parts: dict[str, Any]) -> Any:
    """Return an example of a schema: its own, or one put together from those of what it is made of.

    Args:
        schema: JSON Schema, as OpenAPI 3.1 has it.
        parts: the document's named schemas.

    Raises:
        KeyError: some part of it shows none.
    """
    if "$ref" in schema:
        schema = parts[schema["$ref"].rpartition("/")[2]] | {name: schema[name] for name in schema if name != "$ref"}
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    for name in ("example", "const"):
        if name in schema:
            return schema[name]
    if schema.get("default") not in (None, ""):
        return schema["default"]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], parts)
    if "items" in schema:
        return [example_of(schema["items"], parts)]
    return {name: example_of(one, parts) for name, one in schema["properties"].items()}


def _show_examples(document: dict[str, Any]) -> None:
    """Give every body and every success answer an example, and the answer the words of what it holds."""
    parts = document["components"]["schemas"]
    for operation in (one for methods in document["paths"].values() for one in methods.values()):
        answers = [one for status, one in operation["responses"].items() if status.startswith("2")]
        for holder in (operation.get("requestBody", {}), *answers):
            for content in holder.get("content", {}).values():
                if "example" not in content:
                    content["example"] = example_of(content["schema"], parts)
        for answer in answers:
            if answer["description"] == _UNSAID:
                held = answer["content"]["application/json"]["schema"]["$ref"]
                answer["description"] = parts[held.rpartition("/")[2]]["description"]


def _response(status: int) -> dict[str, Any]:
    codes = [f"`{code}` {meaning}" for code, (one, meaning) in CODES.items() if one == status]
    return {
        "description": "；".join(codes),
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorOut"}}},
    }

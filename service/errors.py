"""Every error the service adds to the classifier's, and the one table from errors to HTTP statuses.

FenbanError
├── BodyTooLargeError
├── InputError
│   └── BatchTooLargeError
├── AccessError                     the caller may not
│   ├── KeyMissingError
│   ├── KeyUnknownError
│   ├── KeyExpiredError
│   ├── RemoteWithoutKeysError
│   ├── CrossSiteError
│   ├── RoleForbiddenError
│   ├── LedgerForbiddenError
│   └── TooManyRequestsError
├── AbsentError                     no such thing is recorded
│   ├── TicketNotFoundError
│   ├── JobNotFoundError
│   ├── VersionNotFoundError
│   └── KeyNotFoundError
├── ConflictError                   it stands in the way of what is recorded
│   ├── IdempotencyConflictError
│   ├── FirstKeyError
│   ├── OwnKeyError
│   ├── JobNotFinishedError
│   └── JobFinishedError
├── ResultGoneError
└── StoreError
    ├── StoreUnavailableError
    └── StoreTooNewError
"""

from __future__ import annotations

from typing import Final

from classifier.errors import (
    BundleError,
    ComplaintTooLongError,
    FenbanError,
    InputError,
    LedgerNotFoundError,
    ModelNotFoundError,
    NothingToCompareError,
    NothingToRollBackError,
    NothingToWorkWithError,
    NothingUnseenError,
    PromotionRefusedError,
)


class BodyTooLargeError(FenbanError):
    """The request body is larger than the service accepts."""

    code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"请求体过大，最多 {limit} 字节；大量诉求请分批提交，或用 POST /v1/jobs 上传文件")


class BatchTooLargeError(InputError):
    """One call holds more complaints than the service accepts."""

    code = "batch_too_large"

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(f"一次最多 {limit} 件，收到 {count} 件；请分批提交")


class AccessError(FenbanError):
    """The caller may not do this."""

    code = "forbidden"


class KeyMissingError(AccessError):
    """Keys have been made, and the request carries none."""

    code = "key_missing"

    def __init__(self) -> None:
        super().__init__(
            "需要密钥：请在请求头 Authorization 中写 Bearer 加密钥；密钥由管理员用 fenban keys create 生成"
        )


class KeyUnknownError(AccessError):
    """The key is not one that was made here, or was revoked."""

    code = "key_unknown"

    def __init__(self) -> None:
        super().__init__("密钥无效或已吊销：请核对是否完整，或向管理员申请新的密钥")


class KeyExpiredError(AccessError):
    """The key's time is over."""

    code = "key_expired"

    def __init__(self, when: str) -> None:
        super().__init__(f"密钥已于 {when} 到期：请向管理员申请新的密钥")


class RemoteWithoutKeysError(AccessError):
    """Without keys only the machine itself is served."""

    code = "keys_required"

    def __init__(self) -> None:
        super().__init__("尚未设置密钥，只供本机使用；供别的机器使用前，请在服务器上运行 fenban keys create")


class CrossSiteError(AccessError):
    """A page of another site makes a browser send this."""

    code = "cross_site"

    def __init__(self) -> None:
        super().__init__("不接受其他网站的页面发来的请求：请由服务器端调用")


class RoleForbiddenError(AccessError):
    """The key's role does not reach this far."""

    code = "role_forbidden"

    def __init__(self, role: str, needed: str) -> None:
        super().__init__(f"密钥的角色是 {role}，此操作需要 {needed}：请改用相应角色的密钥")


class LedgerForbiddenError(AccessError):
    """The key is for another ledger."""

    code = "ledger_forbidden"

    def __init__(self, own: str, asked: str) -> None:
        super().__init__(f"密钥只用于台账“{own}”，不能用于“{asked}”")


class TooManyRequestsError(AccessError):
    """The key asks more often than it may."""

    code = "too_many_requests"

    def __init__(self, rate: float, wait: float) -> None:
        super().__init__(f"请求过快：每秒最多 {rate:g} 次，请 {wait:.1f} 秒后重试，或改用批量接口")
        self.wait = wait


class AbsentError(FenbanError):
    """No such thing is recorded."""

    code = "absent"


class TicketNotFoundError(AbsentError):
    """No ticket of that id was recorded in this ledger."""

    code = "ticket_not_found"

    def __init__(self, ledger: str) -> None:
        super().__init__(f"台账“{ledger}”里没有这个编号的工单：请先用 POST /v1/suggestions 带 id 提交诉求")


class JobNotFoundError(AbsentError):
    """No job has that id, or it is another ledger's."""

    code = "job_not_found"

    def __init__(self) -> None:
        super().__init__("没有这个任务：请核对编号；任务按台账区分")


class KeyNotFoundError(AbsentError):
    """No key has that id."""

    code = "key_not_found"

    def __init__(self, given: str) -> None:
        super().__init__(f"没有编号为 {given} 的密钥；用 fenban keys list 查看")


class VersionNotFoundError(AbsentError):
    """The ledger has no such version of its own."""

    code = "version_not_found"

    def __init__(self, ledger: str, version: str) -> None:
        super().__init__(f"台账“{ledger}”没有自己的版本 {version}；用 GET /v1/models 查看现有版本")


class ConflictError(FenbanError):
    """It stands in the way of what is recorded."""

    code = "conflict"


class IdempotencyConflictError(ConflictError):
    """An idempotency key was used before for something else."""

    code = "idempotency_conflict"

    def __init__(self) -> None:
        super().__init__("这个 Idempotency-Key 已用于内容不同的请求：每个新请求请用新的值")


class FirstKeyError(ConflictError):
    """The first key of all must be an administrator's: from then on nobody could make another one."""

    code = "admin_key_needed"

    def __init__(self) -> None:
        super().__init__("第一个密钥须为 admin 角色：有了任何密钥，就只有 admin 能再生成密钥")


class OwnKeyError(ConflictError):
    """A key does not revoke itself: its owner would be locked out by a slip."""

    code = "own_key"

    def __init__(self) -> None:
        super().__init__("密钥不能吊销自己：请用另一个 admin 密钥，或在服务器上运行 fenban keys revoke")


class JobNotFinishedError(ConflictError):
    """A result is asked for that is not there yet, or never will be."""

    code = "job_not_finished"

    def __init__(self, state: str) -> None:
        super().__init__(f"任务状态为 {state}，没有结果可取；请等到 done")


class JobFinishedError(ConflictError):
    """A job that has ended cannot be cancelled."""

    code = "job_finished"

    def __init__(self, state: str) -> None:
        super().__init__(f"任务已结束（{state}），不能取消")


class ResultGoneError(FenbanError):
    """The files of a job have been removed: they hold what people wrote."""

    code = "result_gone"

    def __init__(self) -> None:
        super().__init__("任务的文件已按保存期删除；需要结果请重新上传")


class StoreError(FenbanError):
    """The database cannot be used."""

    code = "bad_store"


class StoreUnavailableError(StoreError):
    """The database does not answer."""

    code = "store_unavailable"

    def __init__(self) -> None:
        super().__init__("数据库暂时无法使用，没有记录任何内容；请稍后用同一个 Idempotency-Key 重试")


class StoreTooNewError(StoreError):
    """The database was changed by a later version of this program."""

    code = "store_too_new"

    def __init__(self, found: str) -> None:
        super().__init__(f"数据库的版本是 {found}，比本程序新；请升级本程序，或用 FENBAN_DATABASE 指向另一个数据库")


STATUSES: Final[tuple[tuple[type[FenbanError], int], ...]] = (
    (BodyTooLargeError, 413),
    (ComplaintTooLongError, 413),
    (KeyMissingError, 401),
    (KeyUnknownError, 401),
    (KeyExpiredError, 401),
    (TooManyRequestsError, 429),
    (AccessError, 403),
    (AbsentError, 404),
    (ConflictError, 409),
    (ResultGoneError, 410),
    (LedgerNotFoundError, 404),
    (PromotionRefusedError, 409),
    (NothingToRollBackError, 409),
    (NothingToCompareError, 409),
    (NothingUnseenError, 409),
    (ModelNotFoundError, 503),
    (NothingToWorkWithError, 503),
    (BundleError, 503),
    (StoreError, 503),
    (InputError, 422),
)
"""The first kind that an error is of decides its status."""


def status_of(error: FenbanError) -> int:
    """Return the HTTP status of an error."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)

"""`fenban keys create|list|revoke`: who may use the service."""

from __future__ import annotations

import argparse
import sys

from classifier.catalogue.ledger import load_ledger
from classifier.presentation import plain
from classifier.terminal import DONE, Command
from service.commands.serving import open_store
from service.domain import Key, Role
from service.keys import create_key, expiry_after, list_keys, revoke_key
from service.settings import Settings
from service.wire import to_json


def _create(given: argparse.Namespace) -> int:
    settings = Settings.from_environment()
    if given.ledger:
        load_ledger(given.ledger, settings.places.ledgers)
    store = open_store(settings)
    made = []
    if not list_keys(store) and given.role != Role.ADMIN:
        made.append(create_key(store, "首个管理员", Role.ADMIN))
    expires = expiry_after(given.days)
    made.append(create_key(store, given.name, Role(given.role), given.ledger, expires, given.rate))
    if given.json:
        _print(to_json([{**plain(key), "key": token} for key, token in made]))
        return DONE
    for key, token in made:
        _print(f"{_line(key)}\n  {token}")
    print("密钥只显示这一次，请立即保存；从现在起所有请求都需要密钥", file=sys.stderr)  # noqa: T201 - for people
    return DONE


def _list(given: argparse.Namespace) -> int:
    keys = list_keys(open_store(Settings.from_environment()))
    if given.json:
        _print(to_json(keys))
        return DONE
    for key in keys:
        _print(_line(key))
    if not keys:
        _print("还没有密钥，服务只供本机使用")
    return DONE


def _revoke(given: argparse.Namespace) -> int:
    key = revoke_key(open_store(Settings.from_environment()), given.id)
    _print(to_json(key) if given.json else f"已吊销 {_line(key)}")
    return DONE


def _line(key: Key) -> str:
    state = "已吊销" if key.revoked else f"到期 {key.expires:%Y-%m-%d}" if key.expires else "长期有效"
    return f"{key.id}  {key.role:8} {key.ledger or '全部台账'}  {state}  {key.name}"


def _print(text: str) -> None:
    print(text)  # noqa: T201 - the command's output


def _create_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="谁用，如系统名称")
    parser.add_argument("--role", choices=list(Role), default=Role.INTAKE, help="角色（默认 intake）")
    parser.add_argument("--ledger", default="", help="只能用于这个台账（默认全部）")
    parser.add_argument("--days", type=int, default=0, help="多少天后到期（默认长期有效）")
    parser.add_argument("--rate", type=float, default=0.0, help="每秒最多多少次请求（默认按 FENBAN_RATE）")


def _revoke_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="密钥编号，见 fenban keys list")


def _no_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing."""


CREATE = Command("keys create", "生成一个密钥，只显示一次", _create_arguments, _create)
LIST = Command("keys list", "列出密钥", _no_arguments, _list)
REVOKE = Command("keys revoke", "吊销一个密钥", _revoke_arguments, _revoke)

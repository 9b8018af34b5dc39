"""The component gallery's sample data. Owns: what /dev/gallery shows. Never does: touch a database or a tenant."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from litestar import MediaType, Request, Response, get
from litestar.params import FromQuery

from core.kernel import i18n
from core.kernel.db import utc_now
from core.kernel.errors import FieldError
from core.web.problems import reader_locale
from core.web.templating import environment

__all__ = ["page", "sample", "sample_shell"]

_COMPANIES = {
    "en": (
        "Halden Marine GmbH",
        "Northwind Optics",
        "Kestrel Robotics",
        "Bluepeak Foods",
        "Sato Instruments",
        "Verdant Logistics",
        "Aurora Medical",
        "Ironbridge Steel",
    ),
    "zh_CN": (
        "天津达石建材有限公司",
        "长沙远恒信息技术有限公司",
        "东莞汇石科技有限公司",
        "佛山丰智机械有限公司",
        "青岛业成电子有限公司",
        "重庆德恒贸易有限公司",
        "宁波恒盛新能源有限公司",
        "深圳云宏食品有限公司",
    ),
}
_PEOPLE = {"en": ("Anna Keller", "Tom Reyes", "Mei Zhao"), "zh_CN": ("赵敏", "陈晓燕", "李文博")}
_DEALS = {
    "en": ("Annual licence", "Data migration", "Support contract", "Pilot line", "Training"),
    "zh_CN": ("年度软件许可", "数据迁移服务", "设备维保合同", "电商小程序", "培训与实施"),
}
_STEPS = {
    "en": ("Send the revised quote", "Call about delivery", ""),
    "zh_CN": ("发送修订报价", "电话确认交期", ""),
}
_STAGES = {
    "en": ("Lead", "Qualified", "Proposal", "Negotiation", "Won"),
    "zh_CN": ("线索", "已确认", "方案报价", "商务谈判", "赢单"),
}
_LEVELS = {
    "en": (
        ("lead", "Lead", "blue"),
        ("warm", "Warm", "amber"),
        ("won", "Customer", "green"),
        ("cold", "Dormant", "neutral"),
    ),
    "zh_CN": (
        ("lead", "潜在", "blue"),
        ("warm", "意向", "amber"),
        ("won", "成交", "green"),
        ("cold", "沉睡", "neutral"),
    ),
}
_AMOUNTS = (24_000_000, 5_800_000, 134_500_000, 12_000_000, 4_500_000, 2_800_000, 16_000_000, 9_800_000)
_TONES = ("neutral", "blue", "purple", "amber", "green")


def _link(**changes: object) -> str:
    return "?" + urlencode({key: str(value) for key, value in changes.items() if value is not None})


def _columns(locale: str, t: Callable[[str], str]) -> list[dict[str, Any]]:
    return [
        {"name": "name", "title": t("Name"), "kind": "text", "link": True, "sortable": True},
        {
            "name": "level",
            "title": t("Level"),
            "kind": "choice",
            "choices": _LEVELS[locale],
            "editable": True,
        },
        {"name": "phone", "title": t("Phone"), "kind": "phone"},
        {"name": "owner", "title": t("Owner"), "kind": "member", "sortable": True},
        {"name": "next", "title": t("Next follow-up"), "kind": "date", "sortable": True, "editable": True},
        {"name": "tags", "title": t("Tags"), "kind": "tags"},
        {
            "name": "amount",
            "title": t("Amount"),
            "kind": "money",
            "currency": _currency(locale),
            "sortable": True,
        },
    ]


def _currency(locale: str) -> str:
    return "CNY" if locale == "zh_CN" else "USD"


def _rows(locale: str, now: datetime) -> list[dict[str, Any]]:
    tags = ("VIP", "双11") if locale == "zh_CN" else ("VIP", "Expo")
    return [
        {
            "id": str(index),
            "url": "#",
            "label": name,
            "cell_url": f"#cell-{index}",
            "cells": {
                "name": name,
                "level": _LEVELS[locale][index % 4][0],
                "phone": f"+86 139 0000 {index:04d}",
                "owner": _PEOPLE[locale][index % 3],
                "next": (now + timedelta(days=index - 2)).date() if index % 4 else None,
                "tags": tags[: index % 3],
                "amount": _AMOUNTS[index % 8],
            },
        }
        for index, name in enumerate(_COMPANIES[locale] * 2)
    ]


def _board(locale: str, now: datetime) -> list[dict[str, Any]]:
    columns = []
    for place, title in enumerate(_STAGES[locale]):
        cards = [
            {
                "id": f"{place}{index}",
                "url": "#",
                "move_url": "#",
                "version": 1,
                "title": _DEALS[locale][(place + index) % 5],
                "subtitle": _COMPANIES[locale][(place * 3 + index) % 8],
                "amount_minor": _AMOUNTS[(place + index) % 8],
                "currency": _currency(locale),
                "due": (now + timedelta(days=4 * index + place)).date(),
                "age": f"{3 + 9 * index}{'天' if locale == 'zh_CN' else 'd'}",
                "stalled": index == 2,
                "next_step": _STEPS[locale][index % 3],
                "next_on": (now + timedelta(days=index - 1)).date(),
                "overdue": index == 0 and place == 1,
                "owner": _PEOPLE[locale][index % 3],
            }
            for index in range(4 - place % 3)
        ]
        columns.append(
            {
                "key": f"s{place}",
                "title": title,
                "count": 16 - 2 * place,
                "tone": _TONES[place],
                "total": 134_500_000 - 20_000_000 * place,
                "currency": _currency(locale),
                "cards": cards,
                "more_url": "#" if place == 0 else "",
                "add_url": "#",
            }
        )
    return columns


def _timeline(locale: str, now: datetime) -> list[dict[str, Any]]:
    who = _PEOPLE[locale]
    if locale == "zh_CN":
        texts = (
            ("通话 6 分 12 秒", "客户确认报价，希望年底前上线。"),
            ("邮件已打开", "《年度软件许可报价单》被打开 3 次"),
            ("创建报价单 Q-2026-118", "¥240,000 · 有效期 30 天"),
            ("阶段已变更", ""),
        )
    else:
        texts = (
            ("Call, 6 min 12 s", "Confirmed the quote; wants to be live before the end of the year."),
            ("E-mail opened", "“Quote for the annual licence” was opened 3 times"),
            ("Quote Q-2026-118 created", "$240,000 · valid for 30 days"),
            ("Stage changed", ""),
        )
    looks = (
        ("phone-call", "green"),
        ("mail-open", "blue"),
        ("file-text", "purple"),
        ("git-commit-horizontal", "neutral"),
    )
    items = [
        {
            "icon": icon,
            "tone": tone,
            "title": title,
            "body": body,
            "actor": who[index % 3],
            "at": now - timedelta(hours=2 + 19 * index),
        }
        for index, ((title, body), (icon, tone)) in enumerate(zip(texts, looks, strict=True))
    ]
    items[-1]["changes"] = ((_STAGES[locale][0], _STAGES[locale][1], _STAGES[locale][2]),)
    return items


def _fields(locale: str, t: Callable[[str], str]) -> list[dict[str, Any]]:
    return [
        {"name": "name", "kind": "text", "title": t("Name"), "required": True, "max_length": 200},
        {"name": "email", "kind": "email", "title": t("E-mail"), "autocomplete": "off"},
        {"name": "phone", "kind": "phone", "title": t("Phone"), "help": t("With the area code.")},
        {"name": "site", "kind": "url", "title": t("Website")},
        {"name": "level", "kind": "choice", "title": t("Level"), "choices": _LEVELS[locale]},
        {
            "name": "owner",
            "kind": "member",
            "title": t("Owner"),
            "options": [(p, p) for p in _PEOPLE[locale]],
        },
        {
            "name": "customer",
            "kind": "ref",
            "title": t("Customer"),
            "search_url": "#",
            "label": _COMPANIES[locale][0],
        },
        {"name": "amount", "kind": "money", "title": t("Amount"), "currency": _currency(locale)},
        {"name": "share", "kind": "percent", "title": t("Probability")},
        {"name": "count", "kind": "number", "title": t("Employees")},
        {"name": "on", "kind": "date", "title": t("Next follow-up")},
        {"name": "at", "kind": "datetime", "title": t("Meeting")},
        {"name": "tags", "kind": "tags", "title": t("Tags")},
        {"name": "seal", "kind": "multi-choice", "title": t("Channels"), "choices": _LEVELS[locale]},
        {"name": "file", "kind": "file", "title": t("File")},
        {"name": "note", "kind": "longtext", "title": t("Note")},
        {"name": "vip", "kind": "bool", "title": t("Key account")},
    ]


def _jobs() -> list[dict[str, Any]]:
    return [
        {
            "title": "contacts.xlsx",
            "done": 6420,
            "total": 10000,
            "failed": 12,
            "state": "running",
            "eta": "8 s",
            "url": "#",
            "cancel_url": "#",
            "errors_url": "#",
        },
        {"title": "customers.csv", "done": 1000, "total": 1000, "state": "done", "url": "#"},
        {"title": "orders.csv", "done": 40, "total": 900, "failed": 40, "state": "failed", "errors_url": "#"},
    ]


def _filled(now: datetime) -> dict[str, Any]:
    return {
        "email": "anna@",
        "level": "warm",
        "amount": "1,200.00",
        "on": now.date(),
        "at": now,
        "tags": ["VIP"],
        "seal": ("lead",),
        "customer": "1",
    }


def sample(locale: str, now: datetime, t: Callable[[str], str]) -> dict[str, Any]:
    """Return everything web/gallery.html shows, in the language of `locale`; `t` translates."""
    return {
        "link": _link,
        "columns": _columns(locale, t),
        "rows": _rows(locale, now),
        "board_columns": _board(locale, now),
        "entries": _timeline(locale, now),
        "fields": _fields(locale, t),
        "filled": _filled(now),
        "errors": [
            FieldError("name", "required", "This field is required"),
            FieldError("email", "email", "This is not an e-mail address"),
        ],
        "person": _PEOPLE[locale][0],
        "company": _COMPANIES[locale][3],
        "currency": _currency(locale),
        "chart_rows": [(stage, 64 - 11 * index, "#") for index, stage in enumerate(_STAGES[locale])],
        "jobs": _jobs(),
        "tones": ("neutral", "blue", "green", "amber", "red", "purple", "teal", "pink"),
        "now": now,
    }


def _nav(t: Callable[[str], str]) -> list[tuple[str, str, str, bool, str]]:
    return [
        (t("Today"), "#", "house", False, "h"),
        (t("Customers"), "#", "building-2", True, "c"),
        (t("Contacts"), "#", "users", False, "p"),
        (t("Pipeline"), "#", "square-kanban", False, "d"),
        (t("Tasks & calendar"), "#", "calendar-check", False, "t"),
        (t("Sales documents"), "#", "file-text", False, "s"),
        (t("Reports"), "#", "chart-column", False, "r"),
    ]


def sample_shell(locale: str, theme: str, t: Callable[[str], str]) -> SimpleNamespace:
    """Return a shell for the gallery: what core.web.pages gives to web/page.html for a member."""
    entries = _nav(t)
    apps = [(t("Campaigns"), "#", "megaphone", False, ""), (t("Marketplace"), "#", "store", False, "")]
    name = "恒通贸易" if locale == "zh_CN" else "Harbour & Co"
    commands = [{"title": e[0], "url": e[1], "icon": e[2], "shortcut": f"G {e[4].upper()}"} for e in entries]
    person = _PEOPLE[locale][1]
    workspace = SimpleNamespace(name=name, slug="demo", initial=name[:1])
    return SimpleNamespace(
        workspace=workspace,
        workspaces=[workspace, SimpleNamespace(name="Halden Software", slug="halden")],
        nav_groups=[("", entries), (t("Apps"), apps)],
        mobile_nav=entries[:5],
        user=SimpleNamespace(name=person, role=t("Sales manager"), initials=person[:1]),
        locale=locale,
        theme=theme,
        csrf="sample",
        jobs=[{"title": "contacts.xlsx", "done": 64, "total": 100, "url": "#"}],
        flash=[],
        w=lambda path: f"/w/demo{path}",
        request_id="",
        commands=[(t("Go to"), commands)],
    )


@get("/dev/gallery", opt={"asset": True}, include_in_schema=False)
async def page(request: Request[Any, Any, Any], locale: FromQuery[str] = "") -> Response[str]:
    """Show every component in every state; mounted where the product is developed."""
    shown = locale if locale in i18n.LOCALES else reader_locale(request)
    t = i18n.translator(shown).gettext
    frame = sample_shell(shown, request.cookies.get("gx_theme", "auto"), t)
    html = (
        environment(shown).get_template("web/gallery.html").render(shell=frame, **sample(shown, utc_now(), t))
    )
    return Response(html, media_type=MediaType.HTML)

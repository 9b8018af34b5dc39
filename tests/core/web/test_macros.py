"""The macros: what they promise to pages, to browsers under the content security policy, and to readers."""

import gzip
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import html

import hatch_build
from core.kernel import i18n
from core.kernel.errors import FieldError
from core.web import gallery, styles
from core.web.templating import environment, shown_in

NOW = datetime(2026, 11, 21, 10, 24, tzinfo=UTC)
WEB = Path(gallery.__file__).parent
ROOT = WEB.parents[1]
HOSTILE = "\"'><script>alert(1)</script>"
NAME = {"name": "name", "title": "Name", "kind": "text", "link": True, "sortable": True}
LEVEL = {
    "name": "level",
    "title": "Level",
    "kind": "choice",
    "editable": True,
    "choices": (("a", "Warm", "amber"),),
}


def page(locale: str, theme: str = "light") -> html.HtmlElement:
    t = i18n.translator(locale).gettext
    template = environment(locale).get_template("web/gallery.html")
    with shown_in(UTC, NOW):
        text = template.render(shell=gallery.sample_shell(locale, theme, t), **gallery.sample(locale, NOW, t))
    return html.document_fromstring(text)


def macro(file: str, call: str, **values: object) -> html.HtmlElement:
    source = f'{{% import "ui/{file}.html" as m %}}<div>{{{{ m.{call} }}}}</div>'
    with shown_in(UTC, NOW):
        return html.fragment_fromstring(environment("en").from_string(source).render(**values))


def link(**changes: object) -> str:
    return "?" + "&".join(f"{key}={value}" for key, value in sorted(changes.items()) if value is not None)


def table(**values: object) -> html.HtmlElement:
    rows = [
        {
            "id": "1",
            "url": "/c/1",
            "label": "Halden",
            "cell_url": "/c/1/cells",
            "cells": {"name": "Halden", "level": "a"},
        }
    ]
    return macro(
        "table",
        "data_table(columns, rows, link, **more)",
        columns=[NAME, LEVEL],
        rows=rows,
        link=link,
        more=values,
    )


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_the_gallery_obeys_the_content_security_policy(locale):
    for element in page(locale).iter(html.etree.Element):
        names = set(element.attrib)
        assert "style" not in names, html.tostring(element)
        assert not [name for name in names if name.startswith(("on", "hx-on", "data-hx-on"))]
        assert not [value for value in element.attrib.values() if re.match(r"\s*(js|javascript):", value)]
        if element.tag == "script":
            assert element.get("src", "").startswith("/static/")


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_ids_are_unique_and_references_resolve(locale):
    root = page(locale)
    ids = root.xpath("//@id")
    assert sorted(ids) == sorted(set(ids))
    for attribute in (
        "for",
        "aria-labelledby",
        "aria-describedby",
        "aria-controls",
        "popovertarget",
        "data-dialog",
    ):
        for value in root.xpath(f"//@{attribute}"):
            assert set(value.split()) <= set(ids), f"{attribute}={value}"


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_every_icon_of_the_gallery_is_in_the_sprite(locale):
    shown = {href.partition("#")[2] for href in page(locale).xpath("//use/@href")}
    assert shown <= set(hatch_build.icon_names(ROOT))


def test_the_chinese_gallery_is_chinese():
    root = page("zh_CN", "dark")
    assert root.get("lang") == "zh-CN"
    assert root.get("data-theme") == "dark"
    assert root.xpath("//title")[0].text_content().startswith("组件")
    assert "保存" in root.xpath("string(//form[contains(@class, 'form-2')])")


def test_a_page_stays_within_its_budget():
    def size(*paths: Path) -> int:
        return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)

    static = WEB / "static"
    scripts = [static / "gx.js", *(static / "gx").glob("*.js")]
    library = static / "vendor" / "htmx.min.js"
    assert len(gzip.compress(styles.style_sheet(), 9)) <= 12 * 1024
    assert size(*scripts, *([library] if library.exists() else [])) <= 30 * 1024


@pytest.mark.parametrize("kind", ["text", "longtext", "tags", "email", "url", "phone", "choice", "ref"])
def test_values_are_escaped(kind):
    value = [HOSTILE] if kind == "tags" else HOSTILE
    assert not macro("value", "value(kind, value)", kind=kind, value=value).xpath(".//script")


def test_text_of_users_is_escaped_everywhere():
    values = {
        "text": HOSTILE,
        "entries": [{"icon": "x", "title": HOSTILE, "body": HOSTILE, "at": NOW, "actor": HOSTILE}],
    }
    for file, call in (
        ("header", "page_header(text, text)"),
        ("header", "record_header(text, text, facts=[text])"),
        ("feedback", "toast(text, undo_url=text)"),
        ("feedback", "empty_state('x', text, text)"),
        ("timeline", "timeline(entries)"),
        ("base", "button(text, href=text, confirm=text)"),
        ("base", "button(text, post='/x', vals={'a': text})"),
        ("form", "field({'name': 'a', 'kind': 'text', 'title': text, 'help': text}, text)"),
    ):
        assert not macro(file, call, **values).xpath(".//script"), call


def test_values_for_htmx_survive_the_attribute():
    button = macro("base", "button('Go', post='/x', vals={'a': text})", text='"<é').find("button")
    assert button.get("hx-vals") == '{"a": "\\"\\u003c\\u00e9"}'


def test_a_head_sorts_and_says_how():
    heads = table(sort="name").xpath(".//thead//th")
    assert heads[0].get("aria-sort") == "ascending"
    assert heads[0].find("a").get("href") == "?sort=-name"
    assert heads[1].find("a") is None


def test_rows_link_to_the_record_and_offer_its_cells():
    root = table(preview=True)
    row = root.xpath(".//tbody/tr")[0]
    assert row.xpath("./th//a/@href") == ["/c/1"]
    assert row.get("data-preview") == "?preview=1"
    assert row.xpath(".//button/@hx-get") == ["/c/1/cells/level"]
    assert not root.xpath(".//input[@name='ids']")


def test_bulk_actions_bring_checkboxes_of_one_form():
    root = table(bulk=[{"title": "Delete", "url": "/bulk/delete"}], csrf="t0ken")
    assert root.xpath(".//input[@name='ids']/@form") == ["list-bulk"]
    bar = root.xpath(".//form[@id='list-bulk']")[0]
    assert bar.xpath(".//input[@name='_csrf']/@value") == ["t0ken"]
    assert bar.xpath(".//button[@formaction]/@formaction") == ["/bulk/delete"]


def test_an_empty_list_shows_its_empty_state():
    root = macro("table", "data_table(columns, [], empty='nothing here')", columns=[NAME])
    assert not root.xpath(".//table")
    assert "nothing here" in root.text_content()


def test_a_refused_cell_tells_why_inside_itself():
    root = macro("cell", "cell_edit(column, 'a', '/c/1/cells/level', error='Not now')", column=LEVEL)
    form = root.xpath(".//form")[0]
    assert form.get("hx-target") == "closest td"
    assert form.xpath(".//*[@role='alert']")[0].text_content() == "Not now"
    assert form.xpath(".//select/@aria-invalid") == ["true"]


def test_a_form_names_every_error_twice_and_links_to_the_field():
    fields = [{"name": "name", "kind": "text", "title": "Name", "required": True}]
    errors = [
        FieldError("name", "too_long", "At most {max} characters", {"max": 5}),
        FieldError("", "x", "Whole form"),
    ]
    root = macro(
        "form",
        "form(fields, '/c', {'name': 'Haldens'}, errors, csrf='t', key='k', version=3)",
        fields=fields,
        errors=errors,
    )
    summary = root.xpath(".//*[@data-errors]")[0]
    assert "At most 5 characters" in summary.text_content()
    assert "Whole form" in summary.text_content()
    assert summary.xpath(".//a/@href") == ["#f-name"]
    box = root.xpath(".//input[@id='f-name']")[0]
    assert box.get("value") == "Haldens"
    assert box.get("aria-invalid") == "true"
    assert (
        root.xpath(f".//*[@id='{box.get('aria-describedby')}']")[0].text_content().strip()
        == "At most 5 characters"
    )
    hidden = {one.get("name"): one.get("value") for one in root.xpath(".//input[@type='hidden']")}
    assert hidden == {"_csrf": "t", "_key": "k", "version": "3"}


@pytest.mark.parametrize(
    "kind",
    [
        "text",
        "longtext",
        "number",
        "money",
        "percent",
        "date",
        "datetime",
        "choice",
        "member",
        "ref",
        "tags",
        "phone",
        "email",
        "url",
        "file",
        "password",
    ],
)
def test_every_kind_of_field_has_a_label(kind):
    meta = {"name": "a", "kind": kind, "title": "Title", "choices": (("x", "X"),) if kind == "choice" else ()}
    root = macro("form", "field(meta)", meta=meta)
    control = root.xpath(".//*[@id='f-a']")[0]
    assert root.xpath(".//label[@for='f-a']") or control.xpath("ancestor::label")


def test_fields_that_matter_less_are_folded_away_until_one_is_wrong():
    fields = [
        {"name": "name", "kind": "text", "title": "Name"},
        {"name": "fax", "kind": "text", "title": "Fax", "more": True},
    ]
    call = "form(fields, '/c', {}, errors)"
    folded = macro("form", call, fields=fields, errors=()).xpath(".//details")[0]
    assert folded.xpath(".//input/@name") == ["fax"]
    assert "open" not in folded.attrib
    wrong = macro("form", call, fields=fields, errors=[FieldError("fax", "x", "Not a number")])
    assert "open" in wrong.xpath(".//details")[0].attrib


def test_a_plain_form_asks_htmx_for_nothing():
    root = macro("form", "form([], '/login', target='')")
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("hx-")]


def test_a_reference_sends_its_id_and_not_its_text():
    meta = {"name": "customer", "kind": "ref", "title": "Customer", "label": "Halden", "search_url": "/find"}
    root = macro("form", "field(meta, '42')", meta=meta)
    assert root.xpath(".//input[@type='hidden']/@value") == ["42"]
    shown = root.xpath(".//input[@role='combobox']")[0]
    assert shown.get("value") == "Halden"
    assert shown.get("form") == "gx-none"


def test_the_composer_logs_a_call_in_two_clicks():
    kinds = [
        {"key": "note", "title": "Note", "icon": "pencil"},
        {"key": "call", "title": "Call", "icon": "phone"},
    ]
    form = macro("timeline", "composer(kinds, '/log', csrf='t', key='k')", kinds=kinds).find("form")
    assert form.xpath(".//input[@name='kind']/@value") == ["note", "call"]
    assert not form.xpath(".//*[@required]")
    assert form.get("hx-status:422") == "swap:outerHTML target:#composer"


def test_a_board_counts_in_words_and_says_what_is_missing():
    column = {
        "key": "won",
        "title": "Won",
        "count": 1200,
        "total": "$1.3M",
        "cards": [
            {
                "id": "1",
                "url": "/d/1",
                "title": "Deal",
                "move_url": "/d/1/move",
                "next_step": "",
                "version": 2,
            }
        ],
    }
    root = macro("board", "board([column])", column=column)
    assert [part.strip() for part in root.xpath(".//header//text()") if part.strip()] == [
        "Won",
        "1,200",
        "$1.3M",
    ]
    assert "No next step" in root.text_content()
    assert root.xpath(".//article/@data-version") == ["2"]


def test_a_chart_is_a_table_with_links():
    root = macro(
        "chart", "chart('Funnel', ['Stage', 'Deals'], [('Lead', (5, 'five'), '/deals')], linked=true)"
    )
    assert root.xpath(".//td/@data-v") == ["5"]
    assert root.xpath(".//td")[0].text_content() == "five"
    assert root.xpath(".//th/a/@href") == ["/deals"]


def test_an_error_page_needs_no_tenant():
    text = (
        environment("zh_CN")
        .get_template("web/error.html")
        .render(
            status=404,
            title="没有找到",
            detail="",
            request_id="r-1",
            errors=[],
            back="/",
            theme="auto",
            fragment=False,
        )
    )
    root = html.document_fromstring(text)
    assert root.get("lang") == "zh-CN"
    assert "r-1" in root.text_content()

"""The palette and the page of results, as a browser asks for them."""

import pytest


@pytest.fixture
async def firm(ann):
    return (await ann.api.post("/customers", json={"name": "恒通贸易有限公司"})).json()


async def test_the_palette_offers_records_places_and_actions(ann, firm):
    found = (await ann.page.get(ann.w("/palette"), params={"q": "htmy"})).text
    assert ann.w(f"/customers/{firm['id']}") in found
    assert 'href="' + ann.w("/search?q=htmy") in found
    found = (await ann.page.get(ann.w("/palette"), params={"q": "custom"})).text
    assert f'href="{ann.w("/customers")}"' in found
    assert f'href="{ann.w("/customers/new")}"' in found


async def test_an_empty_palette_offers_what_there_is_to_do(ann):
    found = (await ann.page.get(ann.w("/palette"))).text
    assert f'href="{ann.w("/contacts/new")}"' in found
    assert f'href="{ann.w("/contacts")}"' in found


async def test_who_may_only_read_is_offered_nothing_to_make(rea):
    found = (await rea.page.get(rea.w("/palette"))).text
    assert "/new" not in found
    assert rea.w("/customers") in found


async def test_chinese_places_are_found_by_initials(zed):
    found = (await zed.page.get(zed.w("/palette"), params={"q": "kh"})).text
    assert f'href="{zed.w("/customers")}"' in found


async def test_the_page_shows_results_by_type_without_javascript(ann, firm):
    shown = await ann.page.get(ann.w("/search"), params={"q": "恒通"})
    assert shown.status_code == 200
    assert ann.w(f"/customers/{firm['id']}") in shown.text
    assert ann.w("/customers?q=%E6%81%92%E9%80%9A") in shown.text
    assert "<html" in shown.text


async def test_the_page_answers_a_fragment(ann, firm):
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#results"}
    shown = await ann.page.get(ann.w("/search"), params={"q": "恒通"}, headers=headers)
    assert "恒通贸易有限公司" in shown.text
    assert "<html" not in shown.text


@pytest.mark.parametrize("q", ["", "<script>", "\x00", "'" * 500, "qqqq"])
@pytest.mark.parametrize("path", ["/search", "/palette"])
async def test_any_text_is_answered(ann, path, q):
    shown = await ann.page.get(ann.w(path), params={"q": q})
    assert shown.status_code == 200
    assert "<script>" not in shown.text.replace("<script ", "")


async def test_another_workspace_finds_nothing(zed, firm):
    assert firm["id"] not in (await zed.page.get(zed.w("/search"), params={"q": "恒通"})).text


async def test_a_reference_field_finds_by_pinyin(ann, firm):
    found = await ann.page.get(ann.w("/customers/options"), params={"q": "hengtong"})
    assert f'data-value="{firm["id"]}"' in found.text


async def test_a_reference_field_offers_the_whole_name_first(ann):
    for name in ("张伟", "张伟明", "李张伟"):
        await ann.api.post("/contacts", json={"name": name})
    found = (await ann.page.get(ann.w("/contacts/options"), params={"q": "zw"})).text
    assert found.index('data-label="张伟"') < found.index("张伟明") < found.index("李张伟")

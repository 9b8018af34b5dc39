"""What is found by which query, in which order, by whom."""

import pytest

from core.access.models import Share
from core.contacts import service as contacts
from core.contacts.schema import ContactIn
from core.customers import service as customers
from core.customers.schema import CustomerIn, CustomerPatch
from core.search import queries, terms


async def titles(ctx, query, **options):
    return [hit.title for hit in await queries.find(ctx, query, **options)]


@pytest.fixture
async def people(ctx):
    names = ("张伟", "张伟明", "李张伟", "单雄信", "王芳")
    made = await contacts.create_many(ctx, [ContactIn(name=name) for name in names])
    firm = CustomerIn(name="深圳市腾讯计算机系统有限公司", mobile="+8613800138000", email="kefu@tencent.cn")
    made += await customers.create_many(ctx, [firm, CustomerIn(name="Big Acme Trading Ltd")])
    await ctx.flush()
    return made


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("张伟", "张伟"),
        ("zhangwei", "张伟"),
        ("zhang wei", "张伟"),
        ("ZW", "张伟"),
        ("张伟明", "张伟明"),
        ("zhangweim", "张伟明"),
        ("shanxiongxin", "单雄信"),
        ("芳", "王芳"),
        ("wf", "王芳"),
        ("腾讯", "深圳市腾讯计算机系统有限公司"),
        ("腾讯计算机", "深圳市腾讯计算机系统有限公司"),
        ("tengxun", "深圳市腾讯计算机系统有限公司"),
        ("8000", "深圳市腾讯计算机系统有限公司"),
        ("138 0013 8000", "深圳市腾讯计算机系统有限公司"),
        ("kefu@tencent.cn", "深圳市腾讯计算机系统有限公司"),
        ("kefu@ten", "深圳市腾讯计算机系统有限公司"),
        ("@tencent.cn", "深圳市腾讯计算机系统有限公司"),
        ("腾讯计算机系统有限公司", "深圳市腾讯计算机系统有限公司"),
        ("有限公司", "深圳市腾讯计算机系统有限公司"),
        ("13800138000", "深圳市腾讯计算机系统有限公司"),
        ("+86 138-0013-8000", "深圳市腾讯计算机系统有限公司"),
        ("tencent", "深圳市腾讯计算机系统有限公司"),
        ("xiong xin", "单雄信"),
        ("acme big", "Big Acme Trading Ltd"),
        ("ac trad", "Big Acme Trading Ltd"),
        ("acme trading", "Big Acme Trading Ltd"),
        ("big ac", "Big Acme Trading Ltd"),
        ("acme", "Big Acme Trading Ltd"),
        ("ac", "Big Acme Trading Ltd"),
        ("bigacme", "Big Acme Trading Ltd"),
    ],
)
async def test_a_query_finds_its_record_first(ctx, people, query, first):
    found = await titles(ctx, query)
    assert found[:1] == [first], found


async def test_whole_names_come_before_beginnings_before_parts(ctx, people):
    assert await titles(ctx, "张伟") == ["张伟", "张伟明", "李张伟"]
    assert await titles(ctx, "zw") == ["张伟", "张伟明", "李张伟"]


async def test_two_initials_within_a_name_are_found(ctx):
    await customers.create_many(ctx, [CustomerIn(name="佛山张伟五金贸易有限公司")])
    await ctx.flush()
    assert await titles(ctx, "zw") == ["佛山张伟五金贸易有限公司"]


async def test_a_number_finds_its_customer(ctx, people):
    firm = people[-1]
    assert await titles(ctx, firm.number) == [firm.name]
    assert firm.name in await titles(ctx, firm.number[:6])


async def test_neighbouring_pairs_are_not_enough(ctx):
    await customers.create_many(ctx, [CustomerIn(name="北京市京华"), CustomerIn(name="京华北京")])
    await ctx.flush()
    assert await titles(ctx, "北京华") == []


@pytest.mark.parametrize("query", ["", "  ", "!!!", "'", "\\", "& |", "a'b:*", "(", "%", "_"])
async def test_what_is_no_word_does_no_harm(ctx, people, query):
    assert isinstance(await titles(ctx, query), list)


async def test_changes_and_deletions_are_found_at_once(ctx, people):
    firm = people[-1]
    await customers.update(ctx, firm, CustomerPatch(name="Zenith"))
    await ctx.flush()
    assert await titles(ctx, "zenith") == ["Zenith"]
    assert await titles(ctx, "acme") == []
    await customers.delete(ctx, firm)
    await ctx.flush()
    assert await titles(ctx, "zenith") == []
    await customers.restore(ctx, firm)
    await ctx.flush()
    assert await titles(ctx, "zenith") == ["Zenith"]


async def test_types_narrow(ctx, people):
    assert await titles(ctx, "张伟", types=["customer"]) == []


async def test_own_reach_finds_what_is_own_or_shared(ann, bo):
    async with ann.acting() as ctx:
        mine, _ = await customers.create_many(
            ctx, [CustomerIn(name="恒通贸易"), CustomerIn(name="恒通物流", owner_id=bo.member_id)]
        )
    async with bo.ctx() as ctx:
        assert await titles(ctx, "恒通") == ["恒通物流"]
    async with ann.acting() as ctx:
        share = Share(record_type="customer", record_id=mine.id, member_id=bo.member_id, level="view")
        ctx.session.add(share)
        assert await titles(ctx, "恒通") == ["恒通贸易", "恒通物流"]
    async with bo.ctx() as ctx:
        assert await titles(ctx, "恒通") == ["恒通物流", "恒通贸易"]


async def test_the_api_finds(ann, zed):
    await ann.api.post("/customers", json={"name": "恒通贸易有限公司"})
    found = await ann.api.get("/search", params={"q": "hengtong"})
    assert [one["title"] for one in found.json()["data"]] == ["恒通贸易有限公司"], found.text
    assert (await ann.api.get(found.json()["data"][0]["url"])).status_code in {200, 404}
    assert (await zed.api.get("/search", params={"q": "恒通"})).json() == {"data": []}
    assert (await ann.api.get("/search", params={"q": "恒通", "limit": 0})).status_code == 422


async def test_lists_ask_the_index(ann):
    await ann.api.post("/customers", json={"name": "恒通贸易有限公司"})
    await ann.api.post("/customers", json={"name": "别家"})
    found = await ann.api.get("/customers", params={"q": "htmy"})
    assert [one["name"] for one in found.json()["data"]] == ["恒通贸易有限公司"], found.text


def test_a_long_query_asks_no_more_than_its_beginning() -> None:
    found = terms.asked("恒通贸易 " * 5_000)
    assert found is not None
    assert len(found.patterns) <= 40
    assert found == terms.asked(("恒通贸易 " * 5_000)[:200])


async def test_people_and_deals_are_shown_with_their_company(ctx):
    (firm,) = await customers.create_many(ctx, [CustomerIn(name="佛山五金贸易有限公司")])
    await ctx.flush()
    people = [ContactIn(name="张伟", position="Buyer", customer_id=firm.id), ContactIn(name="张伟明")]
    await contacts.create_many(ctx, people)
    await ctx.flush()
    assert [hit.subtitle for hit in await queries.find(ctx, "张伟")] == ["佛山五金贸易有限公司 · Buyer", ""]
    await customers.update(ctx, firm, CustomerPatch(name="佛山铝业"))
    await ctx.flush()
    assert [hit.subtitle for hit in await queries.find(ctx, "张伟")] == ["佛山铝业 · Buyer", ""]
    await customers.delete(ctx, firm)
    await ctx.flush()
    assert [hit.subtitle for hit in await queries.find(ctx, "张伟")] == ["Buyer", ""]


async def test_a_company_that_the_actor_may_not_see_is_not_named(ann, bo):
    async with ann.acting() as ctx:
        (firm,) = await customers.create_many(ctx, [CustomerIn(name="Hidden Hats", owner_id=ann.member_id)])
        await ctx.flush()
        hattie = ContactIn(name="Hattie", customer_id=firm.id, owner_id=bo.member_id)
        await contacts.create_many(ctx, [hattie])
    async with ann.ctx() as ctx:
        assert [hit.subtitle for hit in await queries.find(ctx, "Hattie")] == ["Hidden Hats"]
    async with bo.ctx() as ctx:
        assert [hit.subtitle for hit in await queries.find(ctx, "Hattie")] == [""]

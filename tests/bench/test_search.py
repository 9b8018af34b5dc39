"""Search over a million names: half persons, half companies, three quarters of them Chinese."""

import random
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from core.ext.specs import SearchDoc
from core.kernel.ids import uuid7
from core.search import queries, terms
from core.tenancy.settings import DatabaseSettings
from tests.fixtures.people import Person

NAMES = 1_000_000
OWNERS = 200
TIMES = 20
P95_MS = 20
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛"
    "叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲鑫宇浩然子轩梓涵雨欣怡佳琪诗博俊思远"
    "志国建华海波晓东春梅红云飞龙雪莲婷慧颖倩璐瑶晨曦泽楷睿哲"
)
PLACES = (
    "北京",
    "上海",
    "广州",
    "深圳",
    "杭州",
    "南京",
    "苏州",
    "成都",
    "武汉",
    "西安",
    "青岛",
    "宁波",
    "佛山",
)
TRADES = (
    "贸易",
    "科技",
    "信息技术",
    "进出口",
    "机械",
    "电子",
    "实业",
    "物流",
    "文化传播",
    "建筑工程",
    "食品",
    "服装",
)
WORDS = (
    *(
        "acme",
        "bright",
        "north",
        "stone",
        "blue",
        "harbour",
        "summit",
        "river",
        "atlas",
        "nova",
        "prime",
        "delta",
    ),
    *(
        "orion",
        "cedar",
        "polar",
        "vista",
        "apex",
        "union",
        "metro",
        "falcon",
        "lotus",
        "maple",
        "quartz",
        "silver",
    ),
    *(
        "golden",
        "eastern",
        "pacific",
        "baltic",
        "alpine",
        "forest",
        "granite",
        "crystal",
        "phoenix",
        "jade",
        "coral",
    ),
)
KINDS = ("Trading", "Software", "Logistics", "Foods", "Machinery", "Consulting", "Textiles", "Energy")
QUERIES = {
    "a person": "张伟",
    "a longer name": "张海波",
    "one character": "张",
    "two characters": "海波",
    "a company": "深圳海波电子",
    "a company's trade": "科技",
    "a legal form": "有限公司",
    "with legal form": "海波贸易有限公司",
    "pinyin": "zhanghaibo",
    "a surname": "zhang",
    "its beginning": "zha",
    "initials": "zhb",
    "two letters": "zw",
    "one letter": "z",
    "a word": "harbour",
    "its beginning ": "harb",
    "two words": "north trading",
    "end of a phone": "80018",
    "a phone": "138 0001 8001",
    "a number": "C-2026-0777777",
    "part of a number": "C-2026-07",
    "nothing": "qqqq",
}


def documents(rng: random.Random) -> Iterator[tuple[str, SearchDoc]]:
    """Believable documents, the same in every run."""
    for number in range(NAMES):
        kind = rng.random()
        if kind < 0.5:
            name = rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=rng.choice((1, 2, 2))))
            phone = f"+861{rng.randrange(3_000_000_000, 9_999_999_999)}"
            yield "contact", SearchDoc(title=name, phones=(phone,), person=True)
            continue
        if kind < 0.75:
            own = "".join(rng.choices(GIVEN, k=2))
            name = f"{rng.choice(PLACES)}{own}{rng.choice(TRADES)}有限公司"
        else:
            name = f"{rng.choice(WORDS)} {rng.choice(WORDS)} {rng.choice(KINDS)} Ltd".title()
        yield "customer", SearchDoc(title=name, numbers=(f"C-2026-{number:07}",))


def fill(settings: DatabaseSettings, schema: str, owners: list[UUID]) -> None:
    """Write the documents by COPY, in an administrator's session."""
    rng, start = random.Random(7), datetime(2024, 1, 1, tzinfo=UTC)
    columns = "record_type, record_id, owner_id, title, subtitle, folded, touched_at, terms"
    with psycopg.connect(settings.admin_dsn()) as admin:
        admin.execute(f'SET LOCAL search_path TO "{schema}"')
        admin.execute("DROP INDEX ix_search_document_terms")
        admin.execute(f"CREATE TEMP TABLE raw ON COMMIT DROP AS SELECT {columns} FROM search_document")
        admin.execute("ALTER TABLE raw ALTER terms TYPE text")
        with admin.cursor().copy(f"COPY raw ({columns}) FROM STDIN") as copy:
            for number, (kind, doc) in enumerate(documents(rng)):
                owner, at = rng.choice(owners), start + timedelta(minutes=number)
                words = " ".join(terms.of_document(doc, kind, owner))
                copy.write_row((kind, uuid7(), owner, doc.title, "", terms.folded(doc), at, words))
        split = columns.replace("terms", "array_to_tsvector(string_to_array(terms, ' '))")
        admin.execute(f"INSERT INTO search_document ({columns}) SELECT {split} FROM raw")
        admin.execute("CREATE INDEX ix_search_document_terms ON search_document USING gin (terms)")
    with psycopg.connect(settings.admin_dsn(), autocommit=True) as admin:
        admin.execute(f'VACUUM ANALYZE "{schema}".search_document')


async def timed(ctx: Any, query: str) -> tuple[list[float], int]:
    """Milliseconds of each of several runs, and how many were found."""
    found, spent = 0, []
    for _ in range(TIMES):
        begun = time.perf_counter()
        found = len(await queries.find(ctx, query, limit=20))
        spent.append((time.perf_counter() - begun) * 1000)
    return spent, found


async def measured(person: Person, role: str) -> float:
    """Print how long each query takes for a person; give the 95th percentile of all."""
    everything: list[float] = []
    async with person.ctx() as ctx:
        for what, query in QUERIES.items():
            spent, found = await timed(ctx, query)
            everything += spent
            print(
                f"{role:8}{what:18}{statistics.median(spent):7.2f} ms  slowest{max(spent):7.2f}  found {found}"
            )
    p50, p95 = statistics.median(everything), statistics.quantiles(everything, n=20)[-1]
    print(f"search, {NAMES:,} names, {role}: p50 {p50:.2f} ms, p95 {p95:.2f} ms (target {P95_MS})")
    return p95


@pytest.mark.bench
@pytest.mark.timeout(1200)
async def test_a_million_names_within_20_ms(
    ann: Person, bo: Person, database_settings: DatabaseSettings
) -> None:
    owners = [bo.member_id, ann.member_id, *(uuid7() for _ in range(OWNERS - 2))]
    begun = time.perf_counter()
    fill(database_settings, ann.tenant.schema, owners)
    print(f"\n{NAMES:,} documents in {time.perf_counter() - begun:.0f} s")
    slowest = [await measured(ann, "owner"), await measured(bo, "member")]
    assert max(slowest) <= P95_MS

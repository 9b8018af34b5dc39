import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.text import (
    fold,
    grams,
    initials,
    phone_terms,
    pinyin,
    query_terms,
    search_vector_terms,
    strip_company,
    tsquery,
)

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=8)
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def finds(query: str, terms: list[str]) -> bool:
    """Do what PostgreSQL does with the query."""
    asked = re.findall(r"'([^']+)'(:\*)?", tsquery(query))
    return bool(asked) and all(
        any(term.startswith(one) if prefix else term == one for term in terms) for one, prefix in asked
    )


@pytest.mark.parametrize(
    ("name", "spelled", "first"),
    [
        ("张伟", "zhangwei", "zw"),
        ("单雄信", "shanxiongxin", "sxx"),
        ("解晓东", "xiexiaodong", "xxd"),
        ("曾国藩", "zengguofan", "zgf"),
        ("仇英", "qiuying", "qy"),
        ("查良镛", "zhaliangyong", "zly"),
        ("任正非", "renzhengfei", "rzf"),
        ("朴树", "piaoshu", "ps"),
        ("区楚良", "ouchuliang", "ocl"),
        ("盖叫天", "gejiaotian", "gjt"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("万俟卨", "moqixie", "mqx"),
        ("长孙无忌", "zhangsunwuji", "zswj"),
        ("欧阳修", "ouyangxiu", "oyx"),
        ("诸葛亮", "zhugeliang", "zgl"),
        ("令狐冲", "linghuchong", "lhc"),
        ("澹台明月", "tantaimingyue", "ttmy"),
        ("缪建民", "miaojianmin", "mjm"),
        ("覃辉", "qinhui", "qh"),
        ("翟天临", "zhaitianlin", "ztl"),
        ("乐嘉", "yuejia", "yj"),
        ("吕布", "lvbu", "lb"),
        ("冼星海", "xianxinghai", "xxh"),
        ("万里", "wanli", "wl"),
        ("约翰·史密斯", "yuehanshimisi", "yhsms"),
        ("Ann Lee", "annlee", ""),
        ("", "", ""),
    ],
)
def test_persons_are_spelled_with_the_reading_of_their_surname(name, spelled, first):
    assert (pinyin(name), initials(name)) == (spelled, first)


@pytest.mark.parametrize(
    ("name", "spelled", "first"),
    [
        ("重庆长安汽车股份有限公司", "chongqingchanganqiche", "cqcaqc"),
        ("长沙银行", "changshayinhang", "csyh"),
        ("北京ABC科技", "beijingabckeji", "bjabckj"),
        ("上海音乐厅", "shanghaiyinyueting", "shyyt"),
    ],
)
def test_companies_are_read_by_phrases(name, spelled, first):
    assert (pinyin(name, person=False), initials(name, person=False)) == (spelled, first)


def test_grams_are_characters_and_neighbours():
    assert grams("张小伟 A座") == ["张", "小", "伟", "张小", "小伟", "座"]
    assert grams("ｶﾞ한국") == ["ガ", "한", "국", "한국"] or "한국" in grams("ｶﾞ한국")
    assert grams("Ann") == []


@pytest.mark.parametrize(
    ("given_text", "folded"),
    [
        ("ＡＢＣ１２", "abc12"),
        ("Straße", "strasse"),
        ("JOSÉ Ø", "jose o"),
        ("Việt", "viet"),
        ("張偉", "張偉"),
        ("が", "が"),
    ],
)
def test_fold_keeps_traditional_characters_and_marks_of_kana(given_text, folded):
    assert fold(given_text) == folded


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("张伟", True),
        ("张", True),
        ("伟强", True),
        ("张强", False),
        ("zhangwei", True),
        ("zhang", True),
        ("ZhangWeiQiang", True),
        ("zhang wei qiang", True),
        ("weiqiang", True),
        ("zwq", True),
        ("ＺＷ", True),
        ("wq", True),
        ("zhang伟", True),
        ("lee", False),
    ],
)
def test_a_person_is_found_by_every_usual_query(query, is_found):
    assert finds(query, search_vector_terms("张伟强")) is is_found


@pytest.mark.parametrize("query", ["lvxi", "luqian", "lyuxi", "吕茜", "lx", "lü", "xi"])
def test_all_readings_and_spellings_find_the_name(query):
    assert finds(query, search_vector_terms("吕茜"))


@pytest.mark.parametrize("query", ["华夏", "华夏科技有限公司", "huaxia", "hxkj", "bjhx", "北京", "beijing"])
def test_a_company_is_found_from_any_word_on(query):
    assert finds(query, search_vector_terms("北京华夏科技有限公司", person=False))


def test_a_legal_form_is_no_pinyin():
    assert not finds("youxian", search_vector_terms("北京华夏科技有限公司", person=False))


@pytest.mark.parametrize(
    "query", ["C-2026-0001", "c2026", "2026-0001", "20260001", "0001", "ann.lee", "example.com", "ANN"]
)
def test_numbers_and_addresses_are_found_by_their_parts(query):
    assert finds(query, search_vector_terms("C-2026-0001", "ann.lee@example.com"))


@pytest.mark.parametrize(
    "query",
    [
        "8000",
        "13800138000",
        "138 0013 8000",
        "+86 138-0013-8000",
        "0086 13800138000",
        "0013",
        "00138000",
        "1380",
    ],
)
def test_a_phone_is_found_by_any_part_of_four_digits(query):
    assert finds(query, phone_terms("+8613800138000"))


def test_phone_terms_know_extensions_and_area_codes():
    terms = phone_terms("+862161234567;ext=801", "")
    assert finds("021-6123 4567", terms)
    assert finds("801", terms)
    assert not finds("999", terms)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("北京华夏科技有限公司", "华夏科技"),
        ("华夏科技（上海）股份有限公司", "华夏科技"),
        ("广东省深圳市腾讯计算机系统有限公司", "腾讯计算机系统"),
        ("江苏省苏州市昆山市好孩子集团", "好孩子"),
        ("内蒙古自治区伊利实业集团股份有限公司", "伊利实业"),
        ("香港特别行政区汇丰控股有限公司", "汇丰"),
        ("大连万达集团", "万达"),
        ("阿里巴巴（中国）有限公司", "阿里巴巴"),
        ("青岛啤酒股份有限公司", "青岛啤酒"),
        ("上海银行", "上海银行"),
        ("中山大学", "中山大学"),
        ("上海贸易发展有限公司", "上海贸易发展"),
        ("上海华为技术有限公司北京分公司", "华为技术北京分公司"),
        ("北京有限公司", "北京"),
        ("有限公司", "有限公司"),
        ("株式会社トヨタ", "トヨタ"),
        ("ソニー株式会社", "ソニー"),
        ("삼성전자 주식회사", "삼성전자"),
        ("Acme Trading Co., Ltd.", "acmetrading"),
        ("ACME TRADING CO.,LTD", "acmetrading"),
        ("Acme Trading (Shanghai) Limited", "acmetrading"),
        ("Müller GmbH & Co. KG", "muller"),
        ("Foo S.p.A.", "foo"),
        ("Bar Sp. z o.o.", "bar"),
        ("ООО Ромашка", "ромашка"),
        ("Volvo AB", "volvo"),
        ("Tata Pvt. Ltd.", "tata"),
        ("Ltd", "ltd"),
        ("(测试)", "测试"),
        ("!!!", "!!!"),
        ("", ""),
    ],
)
def test_companies_are_compared_by_what_they_are_known_by(name, key):
    assert strip_company(name) == key


@given(HAN)
def test_a_name_finds_itself_and_its_spelling(name):
    terms = search_vector_terms(name)
    assert finds(name, terms)
    for query in (pinyin(name), initials(name)):
        assert not query or not query.isascii() or finds(query, terms)


@given(ANY)
def test_any_query_is_safe_and_any_text_has_terms(text):
    terms = [*search_vector_terms(text), *search_vector_terms(text, person=False), *phone_terms(text)]
    assert all(0 < len(term) <= 100 for term in terms)
    assert len(query_terms(text)) <= 24
    assert re.fullmatch(r"(?:'[^'\\]+'(?::\*)?(?: & (?=.))?)*", tsquery(text))
    assert strip_company(text) or not fold(text).strip()


@given(ANY)
def test_folding_twice_changes_nothing_for_search(text):
    assert query_terms(fold(text)) == query_terms(text)


@given(ANY)
def test_words_of_a_text_find_it(text):
    asked = query_terms(text)
    if asked and len(asked) < 24 and not re.fullmatch(r"[\d\s+().\-/]*", fold(text)):
        assert finds(text, search_vector_terms(text))

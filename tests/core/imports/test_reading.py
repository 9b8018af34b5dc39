"""Files of every kind, broken ones among them; each is read by a child process with limits."""

import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook

from core.imports import delimited, reading
from core.kernel.errors import Invalid
from core.kernel.files import Store

TEXT = "公司名称;手机;备注\n恒通贸易;13800138000;好\n张伟;;中文\n"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "files")


async def rows(store, content, name="a.csv"):
    stored = await store.save("t_x", content, name)
    found = await reading.read(store, "t_x", stored.sha256)
    lines, _ = await reading.lines(store, "t_x", found.rows_sha256, limit=10_000)
    return found.about, [(line.number, line.flaw, line.cells) for line in lines]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
async def test_every_encoding_is_recognised(store, encoding):
    about, found = await rows(store, TEXT.encode(encoding))
    assert [cells for *_, cells in found] == [
        ["公司名称", "手机", "备注"],
        ["恒通贸易", "13800138000", "好"],
        ["张伟", "", "中文"],
    ]
    assert about["delimiter"] == ";"


async def test_western_text_is_not_taken_for_chinese(store):
    about, found = await rows(store, "name,ort\nMüller,Köln\nStraße,Zürich\n".encode("cp1252"))
    assert about["encoding"] == "cp1252"
    assert found[1][2] == ["Müller", "Köln"]


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_every_delimiter_is_sniffed(mark):
    assert delimited.sniffed(f'a{mark}b{mark}c\n1{mark}"x, y; z"{mark}3\n') == mark


def test_broken_quotes_spoil_their_own_row_alone():
    text = 'a,b,c\n"Ada,1,2\nBea,1,2\nCyd,"5"" pipe",2\n"Dan,1,2\nEva,1,"two\n\nlines"\n"Fay",1,2\n'
    assert list(delimited.rows(text, ",")) == [
        (1, "", ["a", "b", "c"]),
        (2, "quotes", ["Ada", "1", "2"]),
        (3, "", ["Bea", "1", "2"]),
        (4, "", ["Cyd", '5" pipe', "2"]),
        (5, "quotes", ["Dan", "1", "2"]),
        (6, "", ["Eva", "1", "two\n\nlines"]),
        (9, "", ["Fay", "1", "2"]),
        (10, "", [""]),
    ]


def test_a_quote_that_nobody_closes_does_not_swallow_the_file():
    text = "a,b\n" + '"x,1\n' + "\n".join(f"n{i},{i}" for i in range(5_000))
    found = list(delimited.rows(text, ","))
    assert len(found) == 5_002
    assert [flaw for _, flaw, _ in found if flaw] == ["quotes"]


def sheet(rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


async def test_a_sheet_is_read_as_one_would_type_it(store):
    content = sheet([["名称", "手机", "日期"], ["恒通", 13800138000, date(2026, 11, 21)], [None, None, None]])
    about, found = await rows(store, content, "a.xlsx")
    assert about["kind"] == "sheet"
    assert found[1:] == [(2, "", ["恒通", "13800138000", "2026-11-21"])]


def bomb(mebibytes):
    content = sheet([["a"]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.namelist():
            if item.startswith("xl/worksheets/"):
                row = b'<row><c t="inlineStr"><is><t>%s</t></is></c></row>' % (b"A" * 30_000)
                start, end = old.read(item).split(b"<sheetData>")[0], b"</sheetData></worksheet>"
                new.writestr(item, start + b"<sheetData>" + row * (mebibytes * 2**20 // len(row)) + end)
            else:
                new.writestr(item, old.read(item))
    return out.getvalue()


async def test_a_small_file_that_unpacks_to_300_mb_is_refused_with_a_clear_word(store):
    content = bomb(300)
    assert len(content) < 2_000_000
    with pytest.raises(Invalid) as caught:
        await rows(store, content, "a.xlsx")
    assert caught.value.errors[0].code == "file.too_large"


async def test_an_archive_that_lies_about_its_size_meets_the_limits(store, monkeypatch):
    content = bytearray(bomb(300))
    # The directory claims one kilobyte for every part.
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        content[at + 24 : at + 28] = (1024).to_bytes(4, "little")
        at += 4
    with pytest.raises(Invalid) as caught:
        await rows(store, bytes(content), "a.xlsx")
    assert caught.value.errors[0].code in {"file.too_large", "file.broken"}


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"PK\x03\x04 no archive", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1x"]
)
async def test_what_holds_nothing_or_is_damaged_is_refused(store, content):
    with pytest.raises(Invalid):
        await rows(store, content, "a.xlsx")


async def test_a_line_that_is_no_object_is_a_flawed_row(store):
    about, found = await rows(store, b'{"a": 1, "b": [1]}\n[1]\n{"c": null, "a": "x"}\n')
    assert about["kind"] == "ndjson"
    assert found == [
        (0, "", ["a", "b", "c"]),
        (1, "", ["1", "[1]"]),
        (2, "json", ["[1]"]),
        (3, "", ["x"]),
    ]

from pathlib import Path

import pytest

from core.kernel import catalogues
from core.kernel.catalogues import conflicts, extract_all, main, problems
from core.kernel.i18n import HOUSE

TAIL = "locales/zh_CN/LC_MESSAGES/messages.po"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    write(tmp_path / "core/app.py", "N_('At the top')\n")
    write(
        tmp_path / "core/web/pages.py",
        "t('Save')\nctx.t('Hello {name}', name=x)\nngettext('{n} row', '{n} rows', n)\n",
    )
    write(tmp_path / "core/web/templates/web/a.html", "{{ _('From a page') }}{% trans %}Block{% endtrans %}")
    write(tmp_path / "core/web/static/x.html", "{{ _('not ours') }}")
    write(tmp_path / "plugins/marketing/forms/plugin.py", "pgettext('form', 'Field')\n")
    write(tmp_path / "plugins/marketing/forms/deep/x.py", "N_('Deep')\n")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def fill(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text("utf-8")
    for message, translation in pairs:
        text = text.replace(f'msgid "{message}"\nmsgstr ""', f'msgid "{message}"\nmsgstr "{translation}"')
    path.write_text(text, "utf-8")


def test_each_package_gets_its_texts_in_a_stable_order(house):
    changed = {path.relative_to(house).as_posix() for path in extract_all(house)}
    assert changed == {f"core/{TAIL}", f"core/web/{TAIL}", f"plugins/marketing/forms/{TAIL}"}
    text = (house / "core/web" / TAIL).read_text("utf-8")
    found = [line for line in text.splitlines() if line.startswith("msgid") and line != 'msgid ""']
    assert found == sorted(found)
    assert [line.split('"')[1] for line in found] == [
        "Block", "From a page", "Hello {name}", "Save", "{n} row", "{n} rows",
    ]  # fmt: skip
    assert "#:" not in text
    assert "Date" not in text
    assert str(house) not in text
    assert 'msgctxt "form"' in (house / "plugins/marketing/forms" / TAIL).read_text("utf-8")
    assert extract_all(house) == []


def test_no_translation_is_ever_lost(house):
    extract_all(house)
    path = house / "core/web" / TAIL
    fill(path, ("Save", "保存"), ("Block", "块"))
    write(house / "core/web/pages.py", "t('Other')\n")
    extract_all(house)
    assert '#~ msgstr "保存"' in path.read_text("utf-8")
    write(house / "core/web/pages.py", "t('Save')\n")
    extract_all(house)
    assert 'msgid "Save"\nmsgstr "保存"' in path.read_text("utf-8")
    assert "#~" in path.read_text("utf-8")  # Other has gone, untranslated or not


def test_a_text_that_moves_takes_its_translation_along(house):
    extract_all(house)
    fill(house / "core/web" / TAIL, ("Save", "保存"))
    write(house / "core/web/pages.py", "")
    write(house / "core/forms/x.py", "t('Save')\n")
    extract_all(house)
    assert 'msgid "Save"\nmsgstr "保存"' in (house / "core/forms" / TAIL).read_text("utf-8")


def test_check_finds_what_is_missing_fuzzy_or_misfilled(house):
    extract_all(house)
    path = house / "core/web" / TAIL
    fill(path, ("Save", "保存"), ("Block", "块"), ("From a page", "页"), ("Hello {name}", "你好 {nmae}"))
    text = path.read_text("utf-8").replace('msgstr[0] ""', 'msgstr[0] "一行"')
    path.write_text(text.replace('msgid "Block"', '#, fuzzy\nmsgid "Block"'), "utf-8")
    assert sorted(line for line in problems(house) if "core/web" in line) == [
        "zh_CN core/web: fuzzy: 'Block'",
        "zh_CN core/web: other placeholders: 'Hello {name}'",
    ]
    write(house / "core/web/more.py", "t('New')\n")
    assert "zh_CN core/web: missing: 'New'" in problems(house)


def test_one_text_has_one_translation(house):
    write(house / "core/forms/x.py", "t('Save')\n")
    extract_all(house)
    fill(house / "core/web" / TAIL, ("Save", "保存"))
    fill(house / "core/forms" / TAIL, ("Save", "存储"))
    assert conflicts(house) == [f"'Save': 存储 (core/forms/{TAIL}), 保存 (core/web/{TAIL})"]


def test_the_command_extracts_and_checks(house, monkeypatch, capsys):
    monkeypatch.setattr(catalogues, "HOUSE", house)
    assert main([]) == 2
    monkeypatch.setattr(catalogues, "extract_all", lambda *_: [house / "a.po"])
    monkeypatch.setattr(catalogues, "problems", lambda *_: ["one"])
    monkeypatch.setattr(catalogues, "conflicts", list)
    assert (main(["extract"]), main(["check"])) == (0, 1)
    assert capsys.readouterr().out == "updated a.po\none\n"


def test_packages_of_the_house_agree_on_their_words():
    assert conflicts(HOUSE) == []

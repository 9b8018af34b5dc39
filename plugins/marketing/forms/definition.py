"""What a form consists of: its fields, when each shows, and the whole that a visitor sees.

Owns the shapes and what holds of them together. Never reads what a visitor sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from core.sdk import N_, FieldError, ShortText, texts

FIELDS_MAX: Final = 100
STEPS_MAX: Final = 10
OPTIONS_MAX: Final = 200
CONDITIONS_MAX: Final = 5
CHINESE: Final = re.compile("[一-鿿]+")
KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
TRAP: Final = "homepage"
"""The name of the input that people never see and programs like to fill in."""

Kind = Literal["text", "textarea", "email", "phone", "select", "multi", "checkbox", "date", "file", "hidden"]
Target = Literal[
    "", "name", "company", "position", "email", "mobile", "phone", "wechat", "whatsapp", "city", "notes"
]
Operation = Literal["is", "is_not", "contains", "filled", "empty"]
Accept = Literal["any", "images", "documents"]

KIND_TITLES: Final[Mapping[str, str]] = {
    "text": N_("Short text"),
    "textarea": N_("Long text"),
    "email": N_("E-mail"),
    "phone": N_("Phone"),
    "select": N_("Choice"),
    "multi": N_("Several choices"),
    "checkbox": N_("Checkbox"),
    "date": N_("Date"),
    "file": N_("File"),
    "hidden": N_("Hidden"),
}
TARGET_TITLES: Final[Mapping[str, str]] = {
    "": N_("Only in the submission"),
    "name": N_("Name"),
    "company": N_("Company"),
    "position": N_("Position"),
    "email": N_("E-mail"),
    "mobile": N_("Mobile"),
    "phone": N_("Phone"),
    "wechat": N_("WeChat"),
    "whatsapp": N_("WhatsApp"),
    "city": N_("City"),
    "notes": N_("Notes"),
}
OPERATION_TITLES: Final[Mapping[str, str]] = {
    "is": N_("is"),
    "is_not": N_("is not"),
    "contains": N_("contains"),
    "filled": N_("is filled in"),
    "empty": N_("is empty"),
}
FITTING: Final[Mapping[str, frozenset[str]]] = {
    "email": frozenset({"email"}),
    "mobile": frozenset({"phone"}),
    "phone": frozenset({"phone"}),
    "whatsapp": frozenset({"phone"}),
    "notes": frozenset({"text", "textarea", "select", "hidden"}),
}
"""The kinds of field that a field of the lead can take; one that is not named takes one line of text."""
ONE_LINE: Final = frozenset({"text", "select", "hidden"})
BLANK: Final = " \t\n\v\f\r"
"""What both sides take off the ends of an answer; languages differ on everything else."""


class Condition(msgspec.Struct, kw_only=True, frozen=True):
    """What an earlier field must hold for this one to show; ``filled`` and ``empty`` take no value."""

    field: ShortText
    op: Operation = "is"
    value: ShortText = ""


class Field(msgspec.Struct, kw_only=True):
    """One question of a form; ``key`` follows from the label where it is left out.

    ``target`` is the field of the lead that the answer goes to. A field shows where all its conditions hold.
    """

    label: Annotated[ShortText, Meta(min_length=1)]
    type: Kind = "text"
    key: ShortText = ""
    target: Target = ""
    required: bool = False
    help: ShortText = ""
    placeholder: ShortText = ""
    value: ShortText = ""
    options: Annotated[list[ShortText], Meta(max_length=OPTIONS_MAX)] = []
    accept: Accept = "any"
    step: Annotated[int, Meta(ge=1, le=STEPS_MAX)] = 1
    show_if: Annotated[list[Condition], Meta(max_length=CONDITIONS_MAX)] = []


class Answer(msgspec.Struct, kw_only=True):
    """Which member an answer leads to."""

    value: ShortText
    member_id: UUID


class Assignment(msgspec.Struct, kw_only=True):
    """Who becomes the owner of a new lead.

    ``member``: the first of the members. ``turns``: the members, or those of the unit, one after the other.
    ``answer``: by the answer to a field, else the first of the members.
    """

    kind: Literal["nobody", "member", "turns", "unit", "answer"] = "nobody"
    members: Annotated[list[UUID], Meta(max_length=100)] = []
    unit: UUID | None = None
    field: ShortText = ""
    answers: Annotated[list[Answer], Meta(max_length=200)] = []


class Content(msgspec.Struct, kw_only=True):
    """All that a visitor sees; publishing keeps it as it is then."""

    title: str
    intro: str
    button: str
    language: str
    accent: str
    fields: list[Field]
    consent_text: str
    consent_version: int
    consent_required: bool
    thanks: str
    redirect_url: str

    @property
    def steps(self) -> list[int]:
        """The steps that have a field a visitor sees."""
        return sorted({field.step for field in self.fields if field.type != "hidden"}) or [1]

    @property
    def has_files(self) -> bool:
        """Whether a visitor can send files."""
        return any(field.type == "file" for field in self.fields)

    def without_duty_of_files(self) -> Content:
        """The same, with no field that requires a file."""
        some = [
            msgspec.structs.replace(one, required=one.required and one.type != "file") for one in self.fields
        ]
        return msgspec.structs.replace(self, fields=some)


def plain_fields() -> list[Field]:
    """Give the fields that a new form begins with; their labels are message ids."""
    return [
        Field(key="name", label=N_("Your name"), type="text", target="name", required=True),
        Field(key="email", label=N_("E-mail"), type="email", target="email", required=True),
        Field(key="phone", label=N_("Phone"), type="phone", target="mobile"),
        Field(key="company", label=N_("Company"), type="text", target="company"),
        Field(key="message", label=N_("How can we help?"), type="textarea", target="notes"),
    ]


def completed(fields: Sequence[Field]) -> list[Field]:
    """Give every field a key of its own, spelt from its label where it has none."""
    taken = {field.key for field in fields if field.key}
    found = []
    for field in fields:
        key = field.key or _free(_spelt(field.label), taken)
        taken.add(key)
        rules = field.show_if if field.type != "hidden" else []
        found.append(msgspec.structs.replace(field, key=key, options=_options(field), show_if=rules))
    return found


def _options(field: Field) -> list[str]:
    return list(dict.fromkeys(option for option in field.options if option))


def _spelt(label: str) -> str:
    spelt = spell(label, "_")[:30].strip("_")
    return spelt if KEY.fullmatch(spelt) else "field"


def spell(text: str, mark: str = "-") -> str:
    """Spell a text in small Latin letters and digits, Chinese in pinyin, with ``mark`` between the words."""
    latin = CHINESE.sub(lambda found: f" {texts.pinyin(found[0], person=False)} ", text)
    return re.sub("[^a-z0-9]+", mark, texts.fold(latin)).strip(mark)


def _free(key: str, taken: set[str]) -> str:
    names = (key, *(f"{key}_{number}" for number in range(2, FIELDS_MAX + 2)))
    return next(name for name in names if name not in taken and name != TRAP)


def faults(fields: Sequence[Field]) -> list[FieldError]:
    """Find all that is wrong with completed fields: keys, targets, choices, conditions that look ahead."""
    found = []
    if len(fields) > FIELDS_MAX:
        found.append(FieldError("fields", "too_many", N_("At most {most} fields."), {"most": FIELDS_MAX}))
    keys: set[str] = set()
    targets: set[str] = set()
    for at, field in enumerate(fields[:FIELDS_MAX]):
        found += [_at(at, error) for error in _wrong(field, keys, targets)]
        keys.add(field.key)
        targets.add(field.target)
    return found


def _at(at: int, error: FieldError) -> FieldError:
    return FieldError(f"fields.{at}.{error.path}", error.code, error.message, error.params)


def _wrong(field: Field, keys: set[str], targets: set[str]) -> Iterator[FieldError]:
    if not KEY.fullmatch(field.key) or field.key == TRAP:
        yield FieldError("key", "pattern", N_("Use small letters, digits and _, beginning with a letter."))
    elif field.key in keys:
        yield FieldError("key", "taken", N_("Another field has this key."))
    if field.target and field.target in targets:
        yield FieldError("target", "taken", N_("Another field fills this in already."))
    if field.target and field.type not in FITTING.get(field.target, ONE_LINE):
        yield FieldError("target", "kind", N_("This kind of field cannot fill that in."))
    if field.type in {"select", "multi"} and not field.options:
        yield FieldError("options", "required", N_("Give at least one choice."))
    for number, condition in enumerate(field.show_if):
        if condition.field not in keys:
            yield FieldError(f"show_if.{number}.field", "reference", N_("Choose a field that stands before."))


def shown(fields: Sequence[Field], values: Mapping[str, Any]) -> frozenset[str]:
    """Find the keys of the fields that show for these answers; what does not show counts as empty.

    A page decides the same by itself: ``conditions.js`` holds the same rules.
    """
    found: set[str] = set()
    for field in fields:
        if all(_holds(condition, values, found) for condition in field.show_if):
            found.add(field.key)
    return frozenset(found)


def _holds(condition: Condition, values: Mapping[str, Any], visible: set[str]) -> bool:
    answer = values.get(condition.field) if condition.field in visible else None
    answers = [str(one) for one in answer] if isinstance(answer, list) else [str(answer or "")]
    answers = [one.strip(BLANK) for one in answers if one.strip(BLANK)]
    wanted = condition.value.strip(BLANK)
    if condition.op == "filled":
        return bool(answers)
    if condition.op == "empty":
        return not answers
    if condition.op == "contains":
        return any(wanted.lower() in one.lower() for one in answers)
    return (wanted in answers) is (condition.op == "is")

"""The record type of tasks: what lists, imports and the API show of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.activities.tasks import service
from core.activities.tasks.models import Task
from core.activities.tasks.schema import TaskIn, TaskOut, TaskPatch, to_out
from core.ext.specs import Action, Choice, Column, RecordType, SearchDoc, Verbs
from core.kernel.i18n import N_

PRIORITIES = (
    Choice("low", N_("Low"), "neutral"),
    Choice("normal", N_("Normal"), "info"),
    Choice("high", N_("High"), "danger"),
)


def search_doc(task: Task) -> SearchDoc:
    """What a task can be found by."""
    return SearchDoc(title=task.title, names=(task.title,))


TASK = RecordType(
    key="task",
    path="tasks",
    title=N_("Task"),
    title_plural=N_("Tasks"),
    icon="list-todo",
    model=Task,
    create=TaskIn,
    patch=TaskPatch,
    out=TaskOut,
    to_out=to_out,
    verbs=Verbs(
        create=service.create,
        create_many=service.create_many,
        update=service.update,
        delete=service.delete,
        restore=service.restore,
    ),
    permission="tasks",
    label=Task.title,
    owner=Task.owner_id,
    stays=Task.done_at.is_not(None),
    columns=(
        Column("title", N_("Title"), Task.title, link=True, editable=True),
        Column("due_on", N_("Due"), Task.due_on, kind="date", editable=True),
        Column("starts_at", N_("Starts"), Task.starts_at, kind="datetime", editable=True),
        Column("ends_at", N_("Ends"), Task.ends_at, kind="datetime", editable=True),
        Column("priority", N_("Priority"), Task.priority, kind="choice", choices=PRIORITIES, editable=True),
        Column("owner_id", N_("Assignee"), Task.owner_id, kind="member", editable=True),
        Column("customer_id", N_("Customer"), Task.customer_id, kind="ref", ref="customer"),
        Column("contact_id", N_("Contact"), Task.contact_id, kind="ref", ref="contact"),
        Column("lead_id", N_("Lead"), Task.lead_id, kind="ref", ref="lead"),
        Column("deal_id", N_("Deal"), Task.deal_id, kind="ref", ref="deal"),
        Column("place", N_("Place"), Task.place, editable=True),
        Column("remind_at", N_("Remind"), Task.remind_at, kind="datetime", editable=True),
        Column("done_at", N_("Done"), Task.done_at, kind="datetime"),
        Column("notes", N_("Notes"), Task.notes, kind="longtext"),
        Column("created_at", N_("Created"), Task.created_at, kind="datetime"),
    ),
    default_columns=("title", "due_on", "starts_at", "priority", "customer_id", "owner_id", "done_at"),
    search=search_doc,
    within="customer_id",
)


async def complete(ctx: Any, tasks: Sequence[Task], _params: Any) -> None:
    """Mark the chosen tasks as done."""
    for task in tasks:
        await service.complete(ctx, task)


COMPLETE = Action(
    key="complete",
    title=N_("Mark as done"),
    icon="circle-check",
    record_type="task",
    run=complete,
    permission="tasks.edit",
)

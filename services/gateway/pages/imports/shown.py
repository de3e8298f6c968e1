"""What the pages of an import show, by how far it is (#5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from gettext import NullTranslations
from typing import Any, cast

from babel import Locale
from starlette.requests import Request
from starlette.responses import Response

from contracts.clients.import_events import TableKind
from contracts.problem import Invalid, NotFound, Refusal, Unavailable
from services.gateway.known import GatewayKnown
from services.gateway.pages import menu
from services.gateway.pages.clients.shown import address
from services.gateway.pages.doing import csrf
from services.gateway.pages.imports import fields as names
from services.gateway.pages.imports.port import Imports, Job, Sight
from services.gateway.pages.imports.words import said
from services.gateway.pages.languages import catalogue
from services.gateway.pages.look import Look
from services.gateway.pages.render import html
from services.gateway.pages.texts import Texts
from services.kit.rights import Denied
from services.kit.web import Asker, caller_of
from services.kit.web.uploads import MOST_BYTES

_LOCAL = "local"
"""Who commands of this machine's command line are by."""
_MOST = 30


@dataclass(frozen=True)
class _Frame:
    """What all these pages have in common."""

    request: Request
    known: GatewayKnown | None = None

    @cached_property
    def look(self) -> Look:
        return Look.of(self.request)

    @cached_property
    def words(self) -> NullTranslations:
        return catalogue(self.look.language)

    @cached_property
    def texts(self) -> Texts:
        assert self.known is not None  # noqa: S101 - asked for by pages that know the workspace
        return Texts.of(self.look.language, self.known.settings)

    def values(self) -> dict[str, Any]:
        name = "" if self.known is None else self.known.settings.name
        return {
            "shell": menu.shell(self.words, caller_of(self.request), menu.CLIENTS, name),
            "csrf": csrf(self.request),
            "here": menu.IMPORT,
            "most": MOST_BYTES // 1_000_000,
            "most_bytes": MOST_BYTES,
        }

    def who(self, actor: str) -> str:
        if actor == _LOCAL:
            return self.words.gettext("the command line")
        employee = None if self.known is None else self.known.employees.get(actor)
        return actor if employee is None else employee.name


def away(request: Request) -> Response:
    """Say by which command a file is imported where no page can do it."""
    frame = _Frame(request)
    status = 200 if request.method in ("GET", "HEAD") else 501
    return html(frame.look, "imports/away.html", frame.values(), status=status)


def nothing(request: Request) -> Response:
    """Say that there is no such import."""
    frame = _Frame(request)
    return html(frame.look, "imports/nothing.html", frame.values(), status=404)


async def start_page(imports: Imports, asker: Asker, request: Request, kind: TableKind, error: str = "") -> Response:
    """Ask for a file; below, what was imported before. `error`: what is wrong with the file that was chosen."""
    frame = _Frame(request, _known(asker))
    past = await imports.past()
    values = {
        "kind": kind,
        "kinds": names.kinds(frame.words),
        "error": said(frame.words, error),
        "past": [_line(frame, imports, job) for job in past[:_MOST]],
    }
    return html(frame.look, "imports/start.html", {**frame.values(), **values}, status=422 if error else 200)


async def job_page(
    imports: Imports,
    asker: Asker,
    request: Request,
    job: Job,
    *,
    refusal: Refusal | None = None,
    part: bool = False,
) -> Response:
    """Show one import as far as it is. `part`: only the form in which columns are matched."""
    frame = _Frame(request, _known(asker))
    error = job.error if refusal is None else refusal.detail
    values: dict[str, Any] = {
        "job": job,
        "going": imports.going() == job.job_id,
        "busy": imports.going() not in ("", job.job_id),
        "error": said(frame.words, error),
        "line": _line(frame, imports, job),
        "address": f"{menu.IMPORT}/{job.job_id}",
        "texts": frame.texts,
        "kinds": names.kinds(frame.words),
    }
    if job.state == "ready":
        values |= await _matching(frame, imports, job)
        template = "imports/match_form.html" if part else "imports/match.html"
    else:
        values |= _progress(imports)
        values |= {"download": imports.refused(job) is not None, "left": await _left(frame, asker, job)}
        template = "imports/result.html"
    return html(frame.look, template, {**frame.values(), **values}, status=200 if refusal is None else 422)


def state_part(imports: Imports, request: Request, job: Job) -> Response:
    """Show how far it is."""
    frame = _Frame(request)
    values = {"job": job, "address": f"{menu.IMPORT}/{job.job_id}", "texts": Texts(frame.look.language)}
    return html(frame.look, "imports/progress.html", {**values, **_progress(imports)})


async def _matching(frame: _Frame, imports: Imports, job: Job) -> dict[str, Any]:
    try:
        sight = await imports.sight(job)
    except Invalid as error:
        sight = Sight((), (), "", error.detail)
    labels = names.labels(frame.words)
    words, countries = frame.words, _countries(frame.look.language)
    return {
        "sight": sight,
        "wrong": said(words, sight.wrong),
        "offered": [(id, label) for id, label in labels.items() if id in sight.fields],
        "ways": names.ways(words),
        "countries": sorted(countries.items(), key=lambda item: item[1]),
        "region": countries.get(sight.region, sight.region),
        "rows": _rows(words, sight.rows),
        "more": _rows(words, sight.more),
        "nothing": not sight.counts.new + sight.counts.updated,
        "sheets": [(name, name) for name in job.sheets],
    }


def _rows(words: NullTranslations, rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "number": row.number,
            "action": row.action,
            "alike": [names.alike(words, what, whose) for what, whose in row.matches],
            "cells": [(cell.text, _lines(words, cell.problem.splitlines())) for cell in row.cells],
            "problems": _lines(words, row.problems),
        }
        for row in rows
    ]


def _lines(words: NullTranslations, reasons: Sequence[str]) -> list[str]:
    return [said(words, reason) for reason in reasons]


def _progress(imports: Imports) -> dict[str, Any]:
    done, of = imports.progress()
    return {"done": done, "of": of, "share": str(done / of) if of else None}


def _line(frame: _Frame, imports: Imports, job: Job) -> dict[str, Any]:
    """Return an import as the list of them says it."""
    return {
        "job": job,
        "address": f"{menu.IMPORT}/{job.job_id}",
        "kind": dict(names.kinds(frame.words))[job.choices.kind],
        "who": frame.who(job.actor),
        "at": frame.texts.moment(job.at),
        "going": imports.going() == job.job_id,
        "counts": job.counts
        and {name: frame.texts.count(getattr(job.counts, name)) for name in ("new", "updated", "skipped", "refused")},
        "undone": frame.texts.count(job.undone),
        "left": frame.texts.count(job.left_count),
    }


async def _left(frame: _Frame, asker: Asker, job: Job) -> list[dict[str, Any]]:
    """Return what an undo left, with the names of clients as they are now."""
    ids = [each.id for each in job.left if each.thing == "client"]
    found: Mapping[str, Any] = {}
    if ids:
        try:
            async with asker.sitting(caller_of(frame.request), ("clients",)) as sitting:
                page = await asker.ask(sitting, "/clients", ids=",".join(ids), limit=len(ids))
            found = {client.client_id: client for client in page.items}
        except (Denied, NotFound, Unavailable):
            found = {}
    things = {
        "client": frame.words.gettext("Client"),
        "contact": frame.words.gettext("Contact person"),
        "note": frame.words.gettext("Note"),
    }
    return [
        {
            "row": each.row,
            "name": getattr(found.get(each.id), "name", None) or things[each.thing],
            "address": address(each.id) if each.id in found else "",
            "reason": said(frame.words, each.reason),
        }
        for each in job.left
    ]


@cache
def _countries(language: str) -> dict[str, str]:
    """Return ISO 3166 code → the country's name."""
    names = Locale.parse(language).territories
    return {code: name for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NONE}


_NONE = frozenset({"EU", "EZ", "UN", "ZZ", "XA", "XB", "QO"})
"""Codes of no country."""


def _known(asker: Asker) -> GatewayKnown:
    return cast(GatewayKnown, asker.engine.known["gateway"])

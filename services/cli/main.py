"""The command `voronka`. Exit codes: 0 done, 1 done with findings, 2 wrong usage, 3 failed (nothing half-written)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from contracts.base import to_millis
from contracts.problem import Refusal
from services.cli import account_verbs
from services.cli.ending import ended
from services.cli.moments import moment
from services.cli.standing import Order, login
from services.cli.verbs import Profile, Verbs, verbs
from services.kit import telemetry
from services.kit.documents import MissingKey
from services.kit.errors import NewerData, Unusable
from services.kit.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Voronka: an event-sourced CRM with sales analytics.",
    pretty_exceptions_enable=False,
)
export = typer.Typer(no_args_is_help=True, help="Write metrics or events to files.")
app.add_typer(export, name="export")
app.add_typer(account_verbs.app, name="account")

Data = Annotated[Path, typer.Option("--data", help="The data folder, created on first use.", envvar="VORONKA_DATA")]
OfProfile = Annotated[
    Profile | None,
    typer.Option("--profile", help="One process and one folder, or processes on servers.", show_default="embedded"),
]
DEFAULT = Path("voronka-data")
FAILED = 3


def _run(work: Coroutine[Any, Any, int]) -> None:
    """Run a command to its exit code; expected failures are told in one plain sentence."""
    try:
        code = asyncio.run(work)
    except (Unusable, NewerData) as error:
        _fail(str(error))
    except MissingKey as error:
        _fail(f"{error}; restore the keys (keys.sqlite, on servers the collection keyring) from the backup of this log")
    except Refusal as refusal:
        _fail(refusal.detail + (f" (field: {refusal.field})" if refusal.field else ""))
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror or error}")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    else:
        raise typer.Exit(code)


def do(profile: Profile | None, data: Path, verb: Callable[[Verbs], Coroutine[Any, Any, int]]) -> None:
    """Run a verb on the workspace of the profile."""

    async def done() -> int:
        return await verb(verbs(profile, data))

    _run(done())


def _fail(message: str) -> None:
    typer.echo(f"voronka: {message}", err=True)
    raise typer.Exit(FAILED)


@app.callback()
def main(
    json_logs: Annotated[bool, typer.Option("--json-logs", help="Log as JSON lines.")] = False,
    log_level: Annotated[str, typer.Option("--log-level", help="DEBUG, INFO, WARNING or ERROR.")] = "WARNING",
) -> None:
    """Voronka: an event-sourced CRM with sales analytics."""
    if log_level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise typer.BadParameter("choose DEBUG, INFO, WARNING or ERROR", param_hint="--log-level")
    telemetry.configure(json_logs=json_logs, level=log_level.upper())


@app.command()
def run(
    services: Annotated[
        list[str] | None, typer.Argument(help="Distributed profile: services of this process; none: all of them.")
    ] = None,
    profile: OfProfile = None,
    data: Data = DEFAULT,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on.", min=1, max=65535, show_default="VORONKA_PORT or 8080")
    ] = None,
    demo_if_empty: Annotated[bool, typer.Option("--demo/--no-demo", help="Fill an empty workspace.")] = True,
) -> None:
    """Serve the workspace at http://127.0.0.1:PORT; an empty one is filled with the demo first.

    With --profile distributed: run services on the servers named in the environment (docs/distributed.md)."""
    do(profile, data, lambda on: on.run(services or [], port, demo_if_empty=demo_if_empty))


@app.command()
def relay(
    from_position: Annotated[
        int | None, typer.Option("--from", help="Send all behind this position of the log once more.", min=0)
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port for health and metrics.", min=1, max=65535)] = None,
) -> None:
    """Distributed profile: carry events from the event store to Kafka; run one, two do no harm."""
    from services.cli import relaying

    settings = Settings.read()
    _run(relaying.relay(settings.model_copy(update={"port": port or settings.port}), from_position))


@app.command()
def topics() -> None:
    """Distributed profile: create the topics that are missing, check those that are there; exit code 1 if not well."""
    from services.cli import relaying

    _run(relaying.check_topics(Settings.read()))


@app.command()
def move(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The data folder of the embedded profile.")],
    source: Annotated[Profile, typer.Option("--from", help="Where the log is.")] = "embedded",
    target: Annotated[Profile, typer.Option("--to", help="Where it shall be.")] = "distributed",
) -> None:
    """Copy the log and the keys into the other profile, ids, versions and times unchanged; killed, it goes on."""
    from services.cli import moving

    if source == target:
        raise typer.BadParameter("name two different profiles", param_hint="--to")
    _run(moving.move(Settings.read(), folder, back=source == "distributed"))


@app.command(name="import")
def import_(
    folder: Annotated[Path, typer.Argument(help="Folder of the bundle (meta.json, customers.csv ...).")],
    data: Data = DEFAULT,
    strict: Annotated[bool, typer.Option(help="Store nothing at all if any row is bad.")] = False,
    source: Annotated[str | None, typer.Option(help="Name of the source; default: that of the bundle.")] = None,
    errors: Annotated[Path, typer.Option(help="Where bad rows are listed.")] = Path("errors.csv"),
    profile: OfProfile = None,
) -> None:
    """Import a bundle; again imported, only what is new is added."""
    do(profile, data, lambda on: on.import_(folder, strict=strict, source=source, errors=errors))


@app.command()
def import_table(
    file: Annotated[Path, typer.Argument(help="A spreadsheet: CSV or XLSX.")],
    kind: Annotated[Literal["clients", "contacts", "notes"], typer.Option(help="What its rows are.")] = "clients",
    by_hand: Annotated[
        list[str] | None, typer.Option("--map", help='"Column=field"; "Column=" leaves it out.', metavar="COLUMN=FIELD")
    ] = None,
    duplicates: Annotated[
        Literal["skip", "update", "create"], typer.Option(help="Rows of whom is there by phone, e-mail, tax number.")
    ] = "skip",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the first rows and the counts; store nothing.")
    ] = False,
    refused: Annotated[Path, typer.Option(help="Where refused rows are listed.")] = Path("refused.csv"),
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook; default: the first with rows.")] = None,
    country: Annotated[
        str | None, typer.Option(help="Country of phones without a code; default: that of the time zone.")
    ] = None,
    data: Data = DEFAULT,
    profile: OfProfile = None,
) -> None:
    """Import a spreadsheet of clients, contacts or notes; an interrupted import is completed by doing it again."""
    from services.cli import sheets
    from services.importer.sheets.taking import Order as Taking

    async def done() -> int:
        order = Taking(file, kind, sheets.by_hand(by_hand or ()), duplicates, sheets.country_of(country), sheet)
        return await verbs(profile, data).import_table(sheets.TableOrder(order, dry_run, refused))

    _run(done())


@app.command()
def undo_import(
    import_id: Annotated[str, typer.Argument(metavar="ID", help="The id that the import told.")],
    data: Data = DEFAULT,
    profile: OfProfile = None,
) -> None:
    """Take an imported spreadsheet back, as far as nobody changed since what it brought."""
    do(profile, data, lambda on: on.undo_import(import_id))


@export.command()
def metrics(
    out: Annotated[Path, typer.Option(help="Folder to write the files to.")],
    data: Data = DEFAULT,
    as_of: Annotated[str | None, typer.Option(help="A moment such as 2026-05-31T12:00:00Z; default: now.")] = None,
    profile: OfProfile = None,
) -> None:
    """Write all metrics as CSV and JSON, now or as of a past moment."""
    when = None if as_of is None else to_millis(moment(as_of))
    do(profile, data, lambda on: on.export_metrics(out, when))


@export.command()
def events(
    out: Annotated[Path, typer.Option(help="File to write.")], data: Data = DEFAULT, profile: OfProfile = None
) -> None:
    """Write all events as JSON lines (CloudEvents); personal fields are in plain text."""
    do(profile, data, lambda on: on.export_events(out))


@app.command()
def verify(
    data: Data = DEFAULT,
    most: Annotated[int, typer.Option(help="Differences shown.", min=0)] = 20,
    profile: OfProfile = None,
) -> None:
    """Recompute everything from the log by other means and compare; exit code 1 if anything differs."""
    do(profile, data, lambda on: on.verify(most))


@app.command()
def rebuild(
    data: Data = DEFAULT,
    projection: Annotated[str | None, typer.Option(help="Only this group of read models.")] = None,
    profile: OfProfile = None,
) -> None:
    """Build the read models anew from the log, beside the old ones, and switch."""
    do(profile, data, lambda on: on.rebuild(projection))


@app.command()
def skip(
    data: Data = DEFAULT,
    projection: Annotated[str | None, typer.Option(help="Only this group.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Really skip.")] = False,
    why: Annotated[str, typer.Option(help="The reason, to be kept; nothing personal.")] = "",
    who: Annotated[str | None, typer.Option("--by", help="Who decides it.", show_default="the user's login")] = None,
    profile: OfProfile = None,
) -> None:
    """Show the event at which a group of read models stands; with --yes go on behind it (then it is incomplete)."""
    order = Order(projection, yes, who or login(), why)
    do(profile, data, lambda on: on.skip(order))


@app.command()
def demo(
    data: Data = DEFAULT,
    clients: Annotated[int, typer.Option(min=1)] = 2000,
    events: Annotated[int, typer.Option(min=1)] = 60_000,
    seed: int = 1,
    profile: OfProfile = None,
) -> None:
    """Fill the workspace with a realistic demo; on servers an empty one only."""
    do(profile, data, lambda on: on.demo(clients, events, seed))


@app.command()
def doctor(data: Data = DEFAULT, profile: OfProfile = None) -> None:
    """Check the machine and the data folder, or the servers, with a remedy for each finding; exit code 1 if any."""
    do(profile, data, lambda on: on.doctor())


def command() -> None:
    """The process `voronka`."""
    ended(app)


if __name__ == "__main__":
    command()

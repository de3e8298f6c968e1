"""A process that serves a small workspace for browsers: `python -m tests.browser.served DATA PORT`; says `ready`."""

from __future__ import annotations

import asyncio
import signal
import sys
from io import BytesIO
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from contracts.clients.commands import AddNote
from contracts.clients.events import Mention
from contracts.gateway.rights import OwnRights
from contracts.gateway.view_commands import SaveView
from services.cli.filling import Demo, fill
from services.cli.workspace import SERVICES, engine
from services.gateway.accounts.accounts import add
from services.gateway.bulk.acts import Acts
from services.gateway.site import Site
from services.importer.desk.desk import IMPORTS, Desk
from services.kit.engine import Engine
from services.kit.handle import Meta
from services.kit.rights import caller_of
from services.kit.web import create_app
from tests.browser.people import meet
from tests.support.patience import PATIENCE

HOST = "voronka.test"
"""A name that is no secure context, as an address on a local network is none."""
BULK = "changed-at-once"
"""The id of a change of many clients."""
REMOVED = "removed-at-once"
"""The id of a removal of many contact persons."""
VIEW = "hot-debtors"
"""The id of a saved view of the list of clients."""
LOGIN, PASSWORD = "olena", "a dozen of green tea cups"
COLLEAGUE = "marko"
"""The login of another one, who mentioned the first in a note."""
TAKEN = "Name;E-mail;Phone\nTaken One;one@taken.example;+380671110001\nTaken Two;no address;+380671110002\n"
MATCHED = (
    "Назва;Телефон;Пошта;Місто;Знижка;Статус;Внутрішній код;Коментар\n"
    "ТОВ «Ґанок»;+380 67 123 45 67;office@ganok.example;Київ;7,5;Поточний;A-1;Телефонувати після обіду\n"
    "Приватне підприємство «Дуже довга назва, яка не вміщується в один рядок»;12;не пошта;Львів;200;Новий;A-2;\n"
    ";;;;;;A-3;\n"
    "Taken again;+380671110001;;;;;;\n"
    "Плюс & <b>мінус</b>;+48 22 123 45 67;plus@minus.example;Варшава;;Потенційний;;Просить прайс\n"
)
_DEMO = Demo(clients=110, events=1500, seed=5, until="2026-11-20")


async def serve(data: Path, port: int) -> None:
    await fill(data, _DEMO)
    async with engine(data) as running:
        imports = Desk(running, data / IMPORTS)
        site = Site.of(running, imports=imports, development=True)
        me = await add(site.accounts, "Olena Petrenko", LOGIN, "administrator", PASSWORD, "system")
        await _import(imports, me)
        marko = await add(site.accounts, "Марко Ґудзенко", COLLEAGUE, "director", PASSWORD, "system")
        await meet(running)
        await _mention(running, marko, me)
        await _bulk(running, me)
        view = SaveView(view_id=VIEW, name="Гарячі боржники відділу", query=["temperature=hot", "view=table"])
        await running.send(view, Meta(me, VIEW))
        app = create_app(running, SERVICES, site.pages, gate=site.gate, hosts=[HOST])
        server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
        stopping = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
        serving = asyncio.create_task(server.serve())
        stop = asyncio.create_task(stopping.wait())
        print("ready", flush=True)
        await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
        running.leaving.set()
        server.stop()
        await asyncio.wait({serving}, timeout=PATIENCE)


async def _import(imports: Desk, me: str) -> None:
    """Import a file whole, and leave another where its columns are matched."""
    taken = await imports.receive(me, "taken.csv", BytesIO(TAKEN.encode()), "clients")
    await imports.take(taken, me)
    while imports.going():
        await asyncio.sleep(0.05)
    await imports.receive(me, "Клієнти відділу продажу, остаточний список.csv", BytesIO(MATCHED.encode()), "clients")


async def _mention(running: Engine, by: str, me: str) -> None:
    """Mention somebody in notes: one is short, one is long."""
    name, _ = await running.horizon.groups(("clients",))
    async with running.reading() as reader:
        rows = (await reader.find(name["clients"], "clients", sort=[("number", True)], limit=2)).rows
    for row, more in zip(rows, ("", ", " + "просять прайс і зразки до кінця тижня, " * 4), strict=True):
        named = Mention(employee_id=me, start=0, length=15)
        note = AddNote(note_id=f"told-{row.id[:20]}", client_id=row.id, text=f"@Olena Petrenko{more}", mentions=[named])
        await running.send(note, Meta(by, note.note_id))


async def _bulk(running: Engine, me: str) -> None:
    """Give some clients a tag at once, and remove some contacts; one of each is not there."""
    name, _ = await running.horizon.groups(("clients",))
    async with running.reading() as reader:
        rows = (await reader.find(name["clients"], "clients", sort=[("number", False)], limit=3)).rows
    acts = Acts(running)
    caller, ids = caller_of(me, "administrator", OwnRights()), [row.id for row in rows]
    await acts.begin(caller, BULK, "client", "tag", "Ґатунок", [*ids, "guessed"])
    await acts.begin(caller, REMOVED, "contact", "remove", None, ["person-5-1", "person-5-2", "guessed"])
    for each in (BULK, REMOVED):
        assert await acts.over(each, PATIENCE)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))

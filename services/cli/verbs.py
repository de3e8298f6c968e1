"""The verbs of `voronka` that work on a workspace, and who does them in which profile: asked here and nowhere else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from services.cli.accounts import Direct
from services.cli.standing import Order
from services.kit.settings import Settings

if TYPE_CHECKING:
    from services.cli.sheets import TableOrder

Profile = Literal["embedded", "distributed"]


class Verbs(Protocol):
    """A workspace and what can be done with it. Each verb returns its exit code: 0 done, 1 done with findings. Raises
    Unusable, NewerData, MissingKey, OSError and the refusals of contracts.problem, all in words for people."""

    async def run(self, services: Sequence[str], port: int | None, *, demo_if_empty: bool) -> int:
        """Serve until SIGINT or SIGTERM. `services`: of this process; none: all."""
        ...

    async def import_(self, folder: Path, *, strict: bool, source: str | None, errors: Path) -> int:
        """Import a bundle; bad rows are listed in the file `errors`."""
        ...

    async def import_table(self, wanted: TableOrder) -> int:
        """Take in a spreadsheet of clients, contacts or notes, or show what that would do."""
        ...

    async def undo_import(self, import_id: str) -> int:
        """Take an import of a spreadsheet back."""
        ...

    async def export_metrics(self, out: Path, when: int | None) -> int:
        """Write the files of DEFINITIONS part 2, now or as of a moment (UTC ms)."""
        ...

    async def export_events(self, out: Path) -> int:
        """Write all events as JSON lines."""
        ...

    async def verify(self, most: int) -> int:
        """Compare all read models with an independent recomputation; `most`: differences shown."""
        ...

    async def rebuild(self, projection: str | None) -> int:
        """Build read models anew from the log."""
        ...

    async def skip(self, order: Order) -> int:
        """Show where lanes stand, or go on behind it."""
        ...

    async def demo(self, clients: int, events: int, seed: int) -> int:
        """Fill a workspace with the demo."""
        ...

    async def accounts(self, act: Callable[[Direct], Awaitable[int]]) -> int:
        """Do this to the accounts."""
        ...

    async def doctor(self) -> int:
        """Tell what is wrong, with a remedy for each finding."""
        ...


def verbs(profile: Profile | None, data: Path) -> Verbs:
    """Return the verbs on the workspace of this profile (None: what the settings say). Raises Unusable."""
    settings = Settings.read()
    return _BY_PROFILE[profile or settings.profile](settings, data)


def _in_folder(settings: Settings, data: Path) -> Verbs:
    from services.cli.in_folder import InFolder

    return InFolder(settings, data)


def _on_servers(settings: Settings, _: Path) -> Verbs:
    from services.cli.on_servers import OnServers

    return OnServers(settings)


_BY_PROFILE: dict[Profile, Callable[[Settings, Path], Verbs]] = {"embedded": _in_folder, "distributed": _on_servers}

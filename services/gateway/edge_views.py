"""Who may save, share and change views: one's own always, those of others by the right to set the workspace up (#5)."""

from __future__ import annotations

from contracts.gateway.view_commands import ChangeView, RemoveView, RestoreView, SaveView
from contracts.gateway.view_events import Audience
from contracts.problem import NotFound
from services.gateway.domain.view import VIEW, Saved
from services.kit.handle import Meta
from services.kit.rights import Caller, Denied
from services.kit.service import Desk


def audiences(caller: Caller) -> tuple[Audience, ...]:
    """Return whom the caller may share views with: their team by reaching its records, all by setting things up."""
    if caller.may("setup.write"):
        return ("own", "team", "all")
    return ("own",) if caller.records == "own" else ("own", "team")


def changes(caller: Caller, owner_id: str, audience: Audience) -> bool:
    """Tell whether the caller may change a view."""
    return owner_id == caller.actor or (audience != "own" and caller.may("setup.write"))


async def save_view(_: Desk, command: SaveView, meta: Meta) -> SaveView:
    """Make it the caller's. Raises Denied for an audience that the caller may not have."""
    _check_audience(meta, command.audience)
    return command.model_copy(update={"owner_id": meta.actor})


async def change_view(desk: Desk, command: ChangeView, meta: Meta) -> ChangeView:
    """Check whose it is and whom it is for. Raises NotFound, Denied."""
    before = await _own(desk, command.view_id, meta)
    if before is None or command.audience != before.audience:
        _check_audience(meta, command.audience)
    return command


async def own_view(desk: Desk, command: RemoveView | RestoreView, meta: Meta) -> RemoveView | RestoreView:
    """Check whose it is. Raises NotFound, Denied."""
    await _own(desk, command.view_id, meta)
    return command


async def _own(desk: Desk, view_id: str, meta: Meta) -> Saved | None:
    state = (await desk.handler.load(VIEW, view_id)).state
    if not isinstance(state, Saved):
        return None
    if meta.caller is None or changes(meta.caller, state.owner_id, state.audience):
        return state
    if state.audience == "own":
        raise NotFound(f"there is no view {view_id}", field="view_id")
    raise Denied("this view is somebody else's; save it as one of your own", right="setup.write")


def _check_audience(meta: Meta, audience: Audience) -> None:
    if meta.caller is not None and audience not in audiences(meta.caller):
        raise Denied("your account has no right to share views with so many", right="setup.write")

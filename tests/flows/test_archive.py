"""Clients in the archive over HTTP: out of lists and search, not out of numbers, back by one call (X10, #5)."""

from pathlib import Path

from tests.support.app import App, running


async def names(app: App, **params: str) -> list[str]:
    return [each["name"] for each in (await app.get("/clients", **params))["items"]]


async def test_an_archived_client_is_out_of_lists_until_it_is_restored(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        for client in ("acme", "walker"):
            await app.done("/clients", {"client_id": client, "name": client.title()})
        await app.done("/clients/acme/archive", {})
        assert await app.engine.settle(20)
        assert await names(app) == ["Walker"]
        assert await names(app, q="acme") == []
        assert await names(app, archived="true") == ["Acme", "Walker"]
        assert (await app.get("/clients", count="true"))["total"] == 1
        assert (await app.get("/clients/acme"))["item"]["archived_at"] is not None
        assert (await app.get("/metrics/clients"))["totals"]["clients"] == 2
        await app.done("/clients/acme/restore", {})
        assert await app.engine.settle(20)
        assert await names(app) == ["Acme", "Walker"]

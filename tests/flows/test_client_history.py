"""What was changed of clients, contact persons and notes, as the log tells it (S2.24, P12, #5)."""

from pathlib import Path

from tests.support.app import App, running


async def entries(app: App, path: str, **params: str) -> list[dict[str, object]]:
    return (await app.get(f"{path}/history", **params))["items"]


async def test_a_clients_history_tells_what_each_save_changed(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.done("/employees", {"employee_id": "maria", "name": "Maria"})
        await app.done("/clients", {"client_id": "acme", "name": "Acme", "phones": ["+380441"], "discount": "5"})
        await app.done("/clients/acme/terms", {"discount": "10"})
        await app.done("/clients/acme/details", {"name": "Acme Ltd", "phones": ["+380441", "+380442"]})
        await app.done("/clients/acme/owner", {"owner_id": "maria"})
        await app.done("/clients/acme/lost", {"reason": "moved away"})
        assert await app.engine.settle(20)
        lost, owner, details, terms, registered = await entries(app, "/clients/acme")
        assert terms["event"] == "ClientTermsChanged"
        assert terms["changes"] == [{"field": "discount", "before": "5", "after": "10"}]
        assert details["changes"] == [
            {"field": "name", "before": "Acme", "after": "Acme Ltd"},
            {"field": "phones", "before": ["+380441"], "after": ["+380441", "+380442"]},
        ]
        assert owner["changes"] == [{"field": "owner_id", "before": None, "after": "maria"}]
        assert (lost["event"], lost["changes"]) == (
            "ClientMarkedLost",
            [{"field": "lost_reason", "before": None, "after": "moved away"}],
        )
        assert {"field": "name", "before": None, "after": "Acme"} in registered["changes"]
        assert [each["version"] for each in (lost, owner, details, terms, registered)] == [5, 4, 3, 2, 1]
        assert len({each["save"] for each in (lost, owner, details, terms, registered)}) == 5
        assert all(isinstance(each["at"], int) and each["actor"] for each in (lost, registered))


async def test_a_history_comes_in_pages(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.done("/clients", {"client_id": "acme", "name": "Acme"})
        for discount in ("1", "2", "3"):
            await app.done("/clients/acme/terms", {"discount": discount})
        assert await app.engine.settle(20)
        first = await app.get("/clients/acme/history", limit="3")
        second = await app.get("/clients/acme/history", limit="3", cursor=first["next"])
        assert [each["version"] for each in first["items"] + second["items"]] == [4, 3, 2, 1]
        assert second["next"] is None
        wrong = await app.http.get("/api/v1/clients/acme/history", params={"cursor": "x"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")
        assert (await app.http.get("/api/v1/clients/nobody/history")).status_code == 404


async def test_removed_notes_and_changed_contacts_have_a_history(tmp_path: Path) -> None:  # P12
    async with running(tmp_path) as app:
        await app.done("/clients", {"client_id": "acme", "name": "Acme"})
        await app.done("/notes", {"note_id": "n1", "client_id": "acme", "text": "call them", "priority": "high"})
        await app.done("/notes/n1/text", {"text": "call them today"})
        await app.done("/notes/n1/priority", {"priority": "none"})
        await app.done("/notes/n1/remove")
        await app.done("/contacts", {"contact_id": "k1", "client_id": "acme", "name": "Ada"})
        await app.done("/contacts/k1", {"name": "Ada L.", "telegram": "@ada"})
        assert await app.engine.settle(20)
        removed, priority, edited, added = await entries(app, "/notes/n1")
        assert [each["event"] for each in (removed, added)] == ["NoteRemoved", "NoteAdded"]
        assert edited["changes"] == [{"field": "text", "before": "call them", "after": "call them today"}]
        assert priority["changes"] == [{"field": "priority", "before": "high", "after": "none"}]
        changed, _ = await entries(app, "/contacts/k1")
        assert changed["changes"] == [
            {"field": "name", "before": "Ada", "after": "Ada L."},
            {"field": "telegram", "before": None, "after": "@ada"},
        ]


async def test_an_erased_clients_history_names_nobody(tmp_path: Path) -> None:  # X10
    async with running(tmp_path) as app:
        await app.done("/clients", {"client_id": "acme", "name": "Acme Secret", "email": "secret@acme.test"})
        await app.done("/clients/acme/details", {"name": "Acme Secret Ltd", "country": "UA"})
        await app.done("/clients/acme/erase")
        assert await app.engine.settle(20)
        found = await entries(app, "/clients/acme")
        assert "ecret" not in str(found)
        assert {"field": "country", "before": None, "after": "UA"} in found[1]["changes"]

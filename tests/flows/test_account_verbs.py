"""`voronka account`, the demo's ready accounts, and what is printed at the first start (#5)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from contracts.gateway.commands import AddEmployee
from services.cli import demo_accounts
from services.cli.accounts import Direct
from services.cli.main import app
from services.cli.workspace import engine
from services.gateway.site import Site
from services.kit.settings import Settings
from tests.support.door import cheap, door


def said(data: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["account", *words, "--data", str(data)])


def within(data: Path, path: str, **form: str) -> tuple[int, str]:
    """Open a path in a new browser, or send a form to it; return status and text."""

    async def ask() -> tuple[int, str]:
        async with door(data) as opened:
            browser = await opened.browser()
            answer = await (browser.send(path, csrf="", **form) if form else browser.get(path))
            return answer.status_code, answer.text

    return asyncio.run(ask())


def test_somebody_who_is_locked_out_gets_a_new_address(tmp_path: Path) -> None:
    added = said(tmp_path, "add", "Olha K", "Olha", "--role", "administrator")
    assert (added.exit_code, added.stdout.startswith("http://127.0.0.1:8080/join/vk.")) == (0, True)
    again = said(tmp_path, "add", "Other", "olha")
    assert (again.exit_code, "the login olha is taken" in again.output) == (3, True)
    path = said(tmp_path, "link", "OLHA").stdout.strip().removeprefix("http://127.0.0.1:8080")
    old = added.stdout.strip().removeprefix("http://127.0.0.1:8080")
    assert within(tmp_path, old)[0] == 409
    assert within(tmp_path, path, password="a password of hers")[0] == 303
    assert within(tmp_path, "/sign-in", login="olha", password="a password of hers")[0] == 303
    assert said(tmp_path, "list").stdout == "olha  administrator\n"


def test_a_script_gets_a_token(tmp_path: Path) -> None:
    token = said(tmp_path, "token", "ci", "--create", "director", "--scope", "read", "--name", "nightly").stdout.strip()

    async def ask() -> tuple[int, int]:
        async with door(tmp_path) as opened:
            program = await opened.browser(authorization=f"Bearer {token}")
            return (await program.get("/api/v1/clients")).status_code, (
                await program.get("/api/v1/metrics/clients")
            ).status_code

    assert asyncio.run(ask()) == (200, 403)
    assert said(tmp_path, "token", "ci").exit_code == 0, "the account is there by now"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["token", "nobody"], 3, "there is no account 'nobody'; accounts: none"),
        (["link", "nobody"], 3, "accounts: none"),
        (["add", "A", "a", "--role", "king"], 2, "choose of administrator"),
        (["token", "a", "--scope", "everything"], 2, "choose of read"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, words: list[str], code: int, told: str) -> None:
    result = said(tmp_path, *words)
    assert result.exit_code == code
    assert told in " ".join(result.output.replace("│", " ").split())


async def test_a_demo_has_an_account_of_each_role(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path
    async with engine(data) as running:
        assert await running.settle()
        accounts = Direct.of(running, cheap())
        demo_accounts.begin(data)
        await demo_accounts.finish(data, accounts)
        ready = demo_accounts.kept(data)
        assert [each.login for each in ready] == ["administrator", "director", "manager", "marketer", "warehouse"]
        events = await running.ports.store.head()
        demo_accounts.begin(data)
        await demo_accounts.finish(data, accounts)
        assert (demo_accounts.kept(data), await running.ports.store.head()) == (ready, events), "they are made once"
        assert (data / demo_accounts.FILE).stat().st_mode & 0o077 == 0
        site = Site.of(running, passwords=cheap())
        assert site.accounts.first_path is None, "there is an administrator"
        demo_accounts.tell(ready)
        printed = capsys.readouterr().out
        assert all(each.login in printed and each.password in printed for each in ready)
        for each in ready:
            known = site.gate.known.by_login(each.login)
            assert known is not None
            assert known.role == each.login


@pytest.mark.parametrize("stored", [1, 2, 6, 7, 13])
async def test_a_demo_killed_while_its_accounts_are_made_has_all_of_them_after_the_next_start(
    tmp_path: Path, stored: int
) -> None:
    async with door(tmp_path) as opened:
        store = opened.engine.ports.store
        await opened.site.accounts.send(AddEmployee(employee_id="s1", name="Seller"), "system")
        demo_accounts.begin(tmp_path)
        store.append = dying(store.append, stored)
        with pytest.raises(PowerCut):
            await demo_accounts.finish(tmp_path, Direct.of(opened.engine, cheap()))
        assert demo_accounts.kept(tmp_path) == []
        del store.append
        demo_accounts.begin(tmp_path)
        await demo_accounts.finish(tmp_path, Direct.of(opened.engine, cheap()))
        ready = demo_accounts.kept(tmp_path)
        assert len(ready) == 5
        assert len(opened.site.gate.known.employees) == 5, "and nobody twice"
        browser = await opened.browser()
        for each in ready:
            assert (await browser.sign_in(each.login, each.password)).status_code == 303, each.login


class PowerCut(Exception):
    """What the process died of."""


def dying(append: Any, after: int) -> Any:
    """Return an append that works so many times and then no more."""
    calls = iter(range(after))

    async def once(*args: Any) -> Any:
        if next(calls, None) is None:
            raise PowerCut
        return await append(*args)

    return once


async def test_the_demos_manager_is_one_of_its_sellers(tmp_path: Path) -> None:
    async with door(tmp_path) as opened:
        await opened.site.accounts.send(AddEmployee(employee_id="s1", name="Seller"), "system")
        ready = demo_accounts.chosen()
        await demo_accounts.make(Direct.of(opened.engine, cheap()), ready)
        manager = opened.site.gate.known.by_login("manager")
        assert manager is not None
        assert manager.account_id == "s1"
        browser = await opened.browser()
        password = next(each.password for each in ready if each.login == "manager")
        assert (await browser.sign_in("manager", password)).status_code == 303


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"host": "0.0.0.0", "port": 9000}, "http://127.0.0.1:9000"),
        ({"host": "10.0.0.7"}, "http://10.0.0.7:8080"),
        ({"allowed_hosts": "crm.example.org, b"}, "http://crm.example.org:8080"),
        ({"allowed_hosts": "crm.example.org", "behind_proxy": True}, "https://crm.example.org"),
    ],
)
def test_addresses_are_those_that_browsers_use(given: dict[str, object], address: str) -> None:
    assert Settings(_env_file=None, **given).address() == address  # type: ignore[arg-type, call-arg]

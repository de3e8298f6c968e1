"""Pages say why something was refused in the language of who reads them (#5, P14)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.test_api_page import text_of
from tests.flows.test_client_forms import NEW, sent
from tests.support.app import running
from tests.support.door import door

WRONG = [("uk", "має бути від 0 до 100"), ("ru", "должно быть от 0 до 100"), ("en", "must be between 0 and 100")]


@pytest.mark.parametrize(("language", "words"), WRONG)
async def test_a_wrong_field_is_told_in_the_readers_language(tmp_path: Path, language: str, words: str) -> None:
    async with running(tmp_path) as app:
        form = NEW | {"key": "k", "discount": "140"}
        html = await sent(app, "/clients/new", form, 422, **{"accept-language": language})
        assert text_of(html).count(words) == 2, "beside the field and above the form"


@pytest.mark.parametrize(("language", "words"), [("uk", "неправильний логін або пароль"), ("en", "login or password")])
async def test_a_wrong_password_is_told_in_the_readers_language(tmp_path: Path, language: str, words: str) -> None:
    async with door(tmp_path) as at:
        form = {"login": "nobody", "password": "wrong horse battery"}
        response = await (await at.browser()).http.post("/sign-in", data=form, headers={"accept-language": language})
        assert response.status_code == 422
        assert words in text_of(response.text)
        assert "password:" not in response.text

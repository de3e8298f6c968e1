"""Names, e-mail addresses and phone numbers of invented clients."""

from __future__ import annotations

from random import Random

from services.cli.demo.words import DOMAINS, FIRST, FORMS, LANGUAGES, LAST, LATIN, PHONES, STEMS, TAILS, TRADER, VENUES

_SPELLED = str.maketrans(LATIN)
_STEMS = {language: text.split() for language, text in STEMS.items()}
_COMPANIES = 0.72


class Naming:
    """Makes names that do not repeat."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._seen: dict[str, int] = {}

    def language(self, country: str) -> str:
        """Return the language a client of the country writes in: `uk`, `ru` or `en`."""
        ukrainian, russian = LANGUAGES.get(country, (0.0, 0.0))
        share = self._rng.random()
        return "uk" if share < ukrainian else "ru" if share < russian else "en"

    def name(self, language: str, country: str, segment: str) -> str:
        """Return a company's or a person's name; one drawn before gets a number."""
        name = self._draw(language, country, segment)
        for _ in range(3):
            if name not in self._seen:
                break
            name = self._draw(language, country, segment)
        count = self._seen[name] = self._seen.get(name, 0) + 1
        if count == 1:
            return name
        return f"{name[:-1]}-{count}»" if name.endswith("»") else f"{name} {count}"

    def _draw(self, language: str, country: str, segment: str) -> str:
        if self._rng.random() < _COMPANIES:
            return self._company(language, country, segment)
        name = self.person(language, country)
        trader = TRADER.get(language)
        if trader and self._rng.random() < 0.4:
            first, _, last = name.partition(" ")
            return trader.format(f"{last} {first[0]}. {self.person(language, country)[0]}.")
        return name

    def _company(self, language: str, country: str, segment: str) -> str:
        choice = self._rng.choice
        stem = choice(_STEMS[language])
        if self._rng.random() < 0.7:
            stem += choice(TAILS[language])
        stem = stem.replace("_", " ")
        venue = VENUES.get(segment)
        if venue and self._rng.random() < 0.5:
            return (venue.get(language if language != "en" else country) or venue["en"]).format(stem)
        forms = FORMS.get(f"{language}-{country}") or FORMS.get(language) or FORMS[country]
        return choice(forms).format(stem)

    def person(self, language: str, country: str) -> str:
        """Return a person's first and last name; it may have been drawn before."""
        words = language if language in FIRST and language != "en" else country if country in FIRST else "en"
        return f"{self._rng.choice(FIRST[words])} {self._rng.choice(LAST[words])}"

    def email(self, name: str, number: int) -> str:
        """Return an address at a domain kept for examples."""
        spelled = name.lower().translate(_SPELLED)
        local = "".join(letter if letter.isascii() and letter.isalnum() else "." for letter in spelled)
        while ".." in local:
            local = local.replace("..", ".")
        return f"{local.strip('.')[:40]}.{number}@{DOMAINS[number % 3]}"

    def phone(self, country: str) -> str:
        """Return a number that nobody has."""
        pattern = self._rng.choice(PHONES[country])
        return pattern.format(self._rng.randrange(100 if "{:02d}" in pattern else 1000))

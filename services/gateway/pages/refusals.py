"""Why a command was refused and what is wrong with a field, in the language of who reads it (P14, DESIGN 7)."""

from __future__ import annotations

from gettext import NullTranslations

from contracts.problem import Refusal
from services.gateway.pages.sentences import N_, Sentences
from services.kit.web.problems import Fields

_SENTENCES = Sentences((
    # what any field may be
    N_("must not contain the NUL character"),
    N_("must be valid Unicode text"),
    N_("must be a time such as 2026-05-31T09:30:00+02:00"),
    N_("must name its time zone, such as 2026-05-31T09:30:00Z"),
    N_('must be a decimal number in quotes, such as "12.50"'),
    N_("must be a finite number below 1e15"),
    N_("must have at most 12 decimals"),
    N_("must not be negative"),
    N_("must be greater than zero"),
    N_("must be between 0 and 100"),
    N_("must be between 0 and 1"),
    N_("must be a date such as 2026-05-31"),
    N_("%(value)s is no ISO 4217 currency; use a code such as EUR, UAH or USD"),
    N_("must be an id: 1 to 64 of the characters A-Z, a-z, 0-9, _ . : -"),
    N_("must be as an answer gave it"),
    N_("must be a currency code of three capital letters, such as EUR"),
    N_("must be a language code such as en, or empty"),
    N_("is missing; send it"),
    N_("is not known here; leave it out or correct its name"),
    N_("must be text"),
    N_("must be a whole number"),
    N_("is too large"),
    N_("must be true or false"),
    N_("must be a list"),
    N_("must be an object"),
    N_("must have at most %(most)s characters"),
    N_("must not be empty"),
    N_("must have at least %(least)s characters"),
    N_("has a form that is not accepted here"),
    N_("must be one of %(choices)s"),
    N_("must be at least %(least)s"),
    N_("must be more than %(least)s"),
    N_("must be at most %(most)s"),
    N_("must be less than %(most)s"),
    N_("is not accepted here; see the API's description"),
    # what any record may be
    N_("the record is at version %(actual)s, not %(seen)s: it was changed meanwhile"),
    N_("the time lies in the future; leave it empty for now"),
    N_("the time lies before the last change of this record"),
    N_("the personal data of %(subject)s was erased; nothing can be added to it"),
    N_("the workspace is being loaded; try again in a moment"),
    N_("sessions cannot be looked up while Redis is away; try again in a moment"),
    N_("the %(service)s service is away (%(why)s); try again in a moment"),
    N_("your account has no right to this (%(rights)s); an administrator can give it"),
    # clients, contacts, notes, leads
    N_("the client was erased; its record cannot be changed"),
    N_("the client was erased; nothing can be added to it"),
    N_("a mention begins with @ in the text, after the end of the one before"),
    N_("a mention ends within the text"),
    N_("there is no note %(id)s that mentions you"),
    N_(
        "%(name)s may not see this client and would not be told; write the name without @, or have an administrator "
        "give the right"
    ),
    N_("more than one employee is called %(name)s; choose from the list that @ opens"),
    N_("must be an employee whose records you may work with, such as yourself"),
    N_("there is a client %(id)s already"),
    N_("there is no client %(id)s"),
    N_("there is a contact %(id)s already"),
    N_("there is no contact %(id)s"),
    N_("the client has no contact %(id)s"),
    N_("there is a note %(id)s already"),
    N_("there is no note %(id)s"),
    N_("the note is removed; restore it first"),
    N_("the contact is removed; restore it first"),
    N_("there is a lead %(id)s already"),
    N_("there is no lead %(id)s"),
    N_("the lead is closed; capture a new one"),
    N_("the id of the client to be made is missing"),
    N_("there is no employee %(id)s"),
    N_("there is no %(subject)s funnel %(id)s"),
    N_("the funnel has no stage %(id)s"),
    N_("the stage is archived; choose another one"),
    N_("name the funnel of the stage too"),
    N_("set the base currency in the settings first"),
    N_("the value is too large in %(currency)s"),
    # many records at once, saved views
    N_("choose records first"),
    N_("this cannot be done to such records"),
    N_("an act is on clients or on contact persons"),
    N_("it is still going on; wait until it is done"),
    N_("nothing was begun"),
    N_("a change of many records can be undone for ten minutes; change them back by another one"),
    N_("there is a view %(id)s already"),
    N_("there is no view %(id)s"),
    N_("the view was removed; restore it first"),
    N_("this view is somebody else's; save it as one of your own"),
    N_("your account has no right to share views with so many"),
    # employees, accounts, the workspace
    N_("there is an employee %(id)s already"),
    N_("the login %(login)s is taken; choose another one"),
    N_("this is the last administrator; make another one first"),
    N_("nobody who works here has the id %(id)s"),
    N_("login or password is wrong"),
    N_("is not your present password"),
    N_("must have %(least)s to %(most)s characters; several words are easy to keep"),
    N_("must not be made of the login; choose something else"),
    N_("has too few different characters; choose something else"),
    N_("there were too many attempts; wait some minutes and try again"),
    N_("the employee %(id)s has an account already"),
    N_("there is no account %(id)s"),
    N_("the account %(login)s is closed; reopen it first"),
    N_("this address was used already, or a newer one was made; ask for a new one"),
    N_("there is a token %(id)s already"),
    N_("the account has %(number)s tokens; revoke one that is not used any more"),
    N_("there is no token %(id)s, or it is revoked"),
    N_("there is no session %(id)s, or it is over"),
    N_("must be a time within the next 366 days"),
    N_("a token makes none that may more than itself; leave out %(scopes)s"),
    N_("a token makes none that is good for longer than itself; choose an earlier time"),
    N_("this token may revoke itself alone; others need the scope tokens"),
    N_("this token was revoked meanwhile"),
    N_("this is for people who signed in; no token may do it"),
    N_('there is one workspace, named "workspace"'),
    N_("%(zone)s is no time zone; use a name such as Europe/Kyiv"),
    N_("amounts are stored in %(currency)s; the base currency stays"),
))  # fmt: skip
said = _SENTENCES.said
_OF_A_FIELD = ("must ", "is ", "has ")
"""How what is said of a field begins that says nothing without its name."""


def told(words: NullTranslations, refusal: Refusal) -> str:
    """Return a refusal in one line, for a page that does not show it beside its field."""
    if isinstance(refusal, Fields):
        return "; ".join(_line(words, each.field, each.message) for each in refusal.errors)
    return _line(words, refusal.field or "", refusal.detail)


def _line(words: NullTranslations, field: str, text: str) -> str:
    names = {
        "name": words.gettext("Name"),
        "login": words.gettext("Login"),
        "password": words.gettext("Password"),
        "present": words.gettext("Present password"),
        "role": words.gettext("Role"),
    }
    line = said(words, text)
    return f"{names.get(field, field)}: {line}" if field and text.startswith(_OF_A_FIELD) else line

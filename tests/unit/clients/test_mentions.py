"""Who is mentioned in notes: what a note may say, who is told, who has read it (#5)."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from contracts.clients.commands import AddNote, EditNote, ReadMention, UnreadMention
from contracts.clients.events import (
    ClientAssigned,
    ClientErased,
    ClientRegistered,
    Mention,
    MentionRead,
    MentionUnread,
    NoteAdded,
    NoteEdited,
    NoteRemoved,
    NoteRestored,
)
from contracts.gateway.rights import OwnRights
from contracts.problem import Invalid, NotFound, UnknownReference
from services.clients import edge_notes
from services.clients.domain.mention import MENTION
from services.clients.domain.note import NOTE
from services.clients.projections import CLIENTS_GROUP
from services.clients.projections.erased import SLICE
from services.clients.projections.last_note import PREVIEW
from services.kit.handle import Meta
from services.kit.testing import given
from tests.support.desk import desk
from tests.support.memory import fold, recorded

OF = {"note_id": "n1", "client_id": "c1"}
TEXT = "ask @Ann, @Bob"
ANN, BOB = Mention(employee_id="ann", start=4, length=4), Mention(employee_id="bob", start=10, length=4)
registered = ClientRegistered(client_id="c1", kind="company", name="Acme", number=1, owner_id="ann")
added = NoteAdded(**OF, text=TEXT, mentions=[ANN, BOB], occurred_at=10)


# ---------------------------------------------------------------- the note


def test_a_note_keeps_whom_it_mentions_and_where():
    given(NOTE).when(AddNote(**OF, text=TEXT, mentions=[ANN, BOB])).then(
        NoteAdded(**OF, text=TEXT, mentions=[ANN, BOB])
    )
    same = EditNote(note_id="n1", text=TEXT, mentions=[ANN, BOB])
    given(NOTE, added).when(same).then_nothing()
    other = same.model_copy(update={"mentions": [BOB]})
    given(NOTE, added).when(other).then(NoteEdited(**OF, text=TEXT, mentions=[BOB]))


@pytest.mark.parametrize(
    ("mentions", "why"),
    [
        ([ANN.model_copy(update={"start": 3})], "begins with @"),
        ([ANN.model_copy(update={"length": 1})], "begins with @"),
        ([ANN.model_copy(update={"start": 14})], "begins with @"),
        ([BOB, ANN], "after the end of the one before"),
        ([ANN.model_copy(update={"length": 7}), BOB], "after the end of the one before"),
        ([BOB.model_copy(update={"length": 5})], "within the text"),
    ],
)
def test_a_mention_stands_where_a_name_does(mentions, why):
    for command in (
        AddNote(**OF, text=TEXT, mentions=mentions),
        EditNote(note_id="n1", text=TEXT, mentions=mentions),
    ):
        outcome = given(NOTE, *([added] if isinstance(command, EditNote) else [])).when(command)
        outcome.then_refused(Invalid, field="mentions")
        assert why in outcome.refusal.detail


def test_a_mention_is_read_once_and_taken_back_once():
    of = {"client_id": "c1", "employee_id": "ann", "note_id": "n1"}
    read, unread = MentionRead(**of), MentionUnread(**of)
    given(MENTION).when(ReadMention(**of)).then(read)
    given(MENTION, read).when(ReadMention(**of)).then_nothing()
    given(MENTION, read).when(ReadMention(**{**of, "employee_id": "bob"})).then(
        MentionRead(**{**of, "employee_id": "bob"})
    )
    given(MENTION, read).when(UnreadMention(**of)).then(unread)
    given(MENTION, read, unread).when(UnreadMention(**of)).then_nothing()


# ---------------------------------------------------------------- the edge


class Gateway:
    """Ann is a manager, Bob a director, Eve's account is closed."""

    def __init__(self) -> None:
        self.employees = {id: SimpleNamespace(name=id.title()) for id in ("ann", "bob", "eve", "kim")}
        self.teams = {"ann": "east", "kim": "east"}
        self.roles = {"ann": "manager", "bob": "director", "kim": "manager", "wes": "warehouse"}
        self.employees["wes"] = SimpleNamespace(name="Wes")

    def active(self, id):
        role = self.roles.get(id)
        rights = OwnRights(records="team" if id == "kim" else None)
        return role and SimpleNamespace(role=role, rights=rights)


META = Meta("ann", "c")


def mentions(*ids):
    text = " ".join(f"@{id}" for id in ids)
    return {
        "text": text,
        "mentions": [Mention(employee_id=id, start=text.index(f"@{id}"), length=len(id) + 1) for id in ids],
    }


@pytest.mark.parametrize("id", ["ann", "bob", "kim"])
async def test_who_may_see_the_client_may_be_mentioned(id):  # P17
    note = AddNote(**OF, **mentions(id))
    assert await edge_notes.add_note(desk(registered, gateway=Gateway()), note, META) == note


@pytest.mark.parametrize(
    ("id", "owner"), [("ann", "bob"), ("kim", "bob"), ("ann", None), ("eve", "ann"), ("wes", "ann")]
)
async def test_who_may_not_see_the_client_is_not_mentioned(id, owner):  # P17
    here = desk(registered.model_copy(update={"owner_id": owner}), gateway=Gateway())
    with pytest.raises(Invalid, match=f"{id.title()} may not see this client and would not be told") as refused:
        await edge_notes.add_note(here, AddNote(**OF, **mentions("bob", id)), META)
    assert refused.value.field == "mentions"


async def test_nobody_who_is_unknown_is_mentioned():
    with pytest.raises(UnknownReference, match="there is no employee who") as refused:
        await edge_notes.add_note(desk(registered, gateway=Gateway()), AddNote(**OF, **mentions("who")), META)
    assert refused.value.field == "mentions"


async def test_a_note_that_mentions_somebody_who_lost_the_right_can_be_edited():
    note = NoteAdded(**OF, **mentions("ann", "bob"))
    here = desk(registered, note, ClientAssigned(client_id="c1", from_owner="ann", to_owner="bob"), gateway=Gateway())
    kept = EditNote(note_id="n1", **mentions("bob", "ann"))
    assert await edge_notes.edit_note(here, kept, META) == kept
    with pytest.raises(Invalid, match="Kim may not see this client"):
        await edge_notes.edit_note(here, EditNote(note_id="n1", **mentions("ann", "kim")), META)
    plain = EditNote(note_id="n1", text="plain")
    assert await edge_notes.edit_note(desk(), plain, META) == plain
    unknown = EditNote(note_id="n9", **mentions("ann"))
    assert await edge_notes.edit_note(desk(), unknown, META) == unknown, "the decider says that it is not there"


async def test_one_reads_ones_own_mentions_alone():
    removed = NoteRemoved(**OF)
    for events in ((added,), (added, removed)):
        done = await edge_notes.own_mention(desk(registered, *events), ReadMention(note_id="n1"), Meta("bob", "c"))
        assert done == ReadMention(note_id="n1", client_id="c1", employee_id="bob")
    for actor, note_id in (("kim", "n1"), ("ann", "n9")):
        with pytest.raises(NotFound, match=f"there is no note {note_id} that mentions you"):
            await edge_notes.own_mention(desk(registered, added), UnreadMention(note_id=note_id), Meta(actor, "c"))


# ---------------------------------------------------------------- the read model


def by(actor, event):
    return replace(recorded(event), actor=actor)


def told(context):
    return {id: (each.by, each.at, each.read_at, each.removed_at) for id, each in context.documents["mentions"].items()}


def test_all_who_are_mentioned_are_told_but_who_wrote_it():
    assert told(fold(CLIENTS_GROUP, registered, by("kim", added))) == {
        "n1:ann": ("kim", 10, None, None),
        "n1:bob": ("kim", 10, None, None),
    }
    assert set(told(fold(CLIENTS_GROUP, registered, by("ann", added)))) == {"n1:bob"}


def test_who_is_mentioned_later_is_told_by_who_did_it_and_who_no_more_is_not():
    edited = NoteEdited(**OF, text=TEXT, mentions=[BOB], occurred_at=20)
    again = NoteEdited(**OF, text=TEXT, mentions=[ANN, BOB], occurred_at=30)
    read = MentionRead(**OF, employee_id="ann", occurred_at=15)
    first = by("kim", added)
    context = fold(CLIENTS_GROUP, registered, first, read, by("bob", edited))
    assert told(context) == {"n1:bob": ("kim", 10, None, None)}
    context = fold(CLIENTS_GROUP, registered, first, read, by("bob", edited), by("bob", again))
    assert told(context)["n1:ann"] == ("bob", 30, None, None), "anew, so unread"
    own = fold(CLIENTS_GROUP, registered, by("ann", added), by("kim", again))
    assert set(told(own)) == {"n1:bob"}, "that somebody else edits the note tells its writer nothing"


def test_a_mention_is_read_hidden_with_its_note_and_shown_again():
    read, unread = (each(**OF, employee_id="ann", occurred_at=20) for each in (MentionRead, MentionUnread))
    removed, restored = (each(**OF, occurred_at=30) for each in (NoteRemoved, NoteRestored))
    events = [registered, by("kim", added), read]
    assert told(fold(CLIENTS_GROUP, *events))["n1:ann"] == ("kim", 10, 20, None)
    assert told(fold(CLIENTS_GROUP, *events, unread))["n1:ann"] == ("kim", 10, None, None)
    assert told(fold(CLIENTS_GROUP, *events, removed)) == {
        "n1:ann": ("kim", 10, 20, 30), "n1:bob": ("kim", 10, None, 30),
    }  # fmt: skip
    assert told(fold(CLIENTS_GROUP, *events, removed, restored))["n1:ann"] == ("kim", 10, 20, None)
    assert told(fold(CLIENTS_GROUP, registered, by("ann", added), read)) == {"n1:bob": ("ann", 10, None, None)}


def many(count):
    return [by("kim", added.model_copy(update={"note_id": f"n{n}", "mentions": [ANN]})) for n in range(count)]


@pytest.mark.parametrize("count", [1, SLICE - 1, SLICE, 2 * SLICE + 1])
def test_mentions_go_with_their_client_to_its_owner_and_with_its_erasure(count):  # P2, P17, X10
    given_away = ClientAssigned(client_id="c1", from_owner="ann", to_owner="bob")
    context = fold(CLIENTS_GROUP, registered, *many(count), given_away)
    assert list(context.documents["handovers"]) == ([] if count < SLICE else ["c1:ann"])
    context.work()
    assert {each.owner_id for each in context.documents["mentions"].values()} == {"bob"}
    context = fold(CLIENTS_GROUP, registered, *many(count), ClientErased(client_id="c1", occurred_at=50))
    assert len(context.documents["mentions"]) == max(0, count - SLICE)
    context.work()
    assert context.documents["mentions"] == {}
    assert context.documents["erasures"] == {}
    assert all(each.mentions == [] for each in context.documents["notes"].values())


def test_nobody_is_told_of_an_erased_client():  # X10
    late = by("kim", added)
    assert told(fold(CLIENTS_GROUP, registered, ClientErased(client_id="c1", occurred_at=5), late)) == {}


@pytest.mark.parametrize(
    ("text", "line", "start"),
    [
        (f"\n  {TEXT}\nmore", TEXT, 4),
        ("x" * (PREVIEW - 4) + " @Ann", "x" * (PREVIEW - 4) + " @A…", None),
        ("no\n@Ann", "no", None),
    ],
)
def test_the_line_of_a_list_has_the_mentions_within_it(text, line, start):  # S3.4
    mention = Mention(employee_id="ann", start=text.index("@Ann"), length=4)
    note = NoteAdded(**OF, text=text, mentions=[mention], occurred_at=10)
    last = fold(CLIENTS_GROUP, registered, note).documents["clients"]["c1"].last_note
    assert last.preview == line
    assert [each.start for each in last.mentions] == ([] if start is None else [start])

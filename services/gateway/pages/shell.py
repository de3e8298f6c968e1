"""What stands around every page: the menu (P26: only what there is), search, quick create, the bell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """A link with an icon. `count`: shown at its right."""

    label: str
    address: str
    icon: str
    count: str = ""


@dataclass(frozen=True)
class Group:
    """Entries of the menu under a heading, or under none."""

    entries: Sequence[Entry]
    title: str = ""


@dataclass(frozen=True)
class News:
    """A line of the bell's list. `line`: how what it is about begins; `since`: how long ago, `at`: when, as text."""

    text: str
    since: str
    address: str
    unread: bool = False
    line: str = ""
    at: str = ""


@dataclass(frozen=True)
class Shell:
    """`current`: the address of the entry one is at. `search`: what answers the palette; none: no search button."""

    menu: Sequence[Group]
    current: str
    workspace: str = ""
    search: str = ""
    create: Sequence[Entry] = ()
    bell: str = ""
    """What answers the bell; "": no bell."""
    news: Sequence[News] | None = None
    """What the bell lists at once, without asking."""
    bottom: Sequence[Entry] = field(default=())
    """The bar at the bottom of a phone's screen."""
    imports: str = ""
    """Where lists are imported; "" for who may not."""
    me: str = ""
    """The id of the employee: what they type is kept for them alone."""

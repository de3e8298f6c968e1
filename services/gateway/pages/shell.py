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
    """A line of the bell's list. `since`: how long ago, as text."""

    text: str
    since: str
    address: str
    unread: bool = False


@dataclass(frozen=True)
class Shell:
    """`current`: the address of the entry one is at. `search`: what answers the palette; none: no search button."""

    menu: Sequence[Group]
    current: str
    workspace: str = ""
    search: str = ""
    create: Sequence[Entry] = ()
    news: Sequence[News] | None = None
    """None: no bell."""
    bottom: Sequence[Entry] = field(default=())
    """The bar at the bottom of a phone's screen."""
    imports: str = ""
    """Where lists are imported; "" for who may not."""
    me: str = ""
    """The id of the employee: what they type is kept for them alone."""

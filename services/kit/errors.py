"""What can be wrong with the files of a workspace, in words for the person who runs it."""

from __future__ import annotations


class NewerData(Exception):
    """The file was written by a newer Voronka than this one; nothing was changed."""


class Unusable(Exception):
    """The file cannot be opened, read or written as what it should be; nothing was changed."""


def other_key(subject: str) -> Unusable:
    """Return what to raise when keyrings that are to become one have two keys of a subject."""
    return Unusable(f"the keyring has another key of {subject}: it belongs to another log; move into an empty one")


class OtherLog(Exception):
    """A group's positions belong to another log than this one (restored or replaced): rebuild the group (DESIGN 5)."""

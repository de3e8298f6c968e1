"""Lanes of a group as MongoDB documents: revision, log, positions, and which commit was the last."""

from __future__ import annotations

from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from services.kit.adapters.mongo_connection import Rows
from services.kit.adapters.mongo_shapes import Fields
from services.kit.documents import LaneMoved, LaneState, Positions


def state(row: Fields) -> LaneState:
    """Return the lane as stored."""
    positions = {_topic(name): (at["at"], at["event"]) for name, at in row.get("positions", {}).items()}
    return LaneState(row["_id"], row["rev"], row["log_id"], positions, bool(row["incomplete"]))


def new_row(of: LaneState) -> Fields:
    """Return a lane as it is stored."""
    positions = {_name(topic): {"at": at, "event": event} for topic, (at, event) in of.positions.items()}
    return {
        "_id": of.lane,
        "rev": of.rev,
        "log_id": of.log_id,
        "incomplete": of.incomplete,
        "positions": positions,
        "commit": "",
    }


async def open_lane(lanes: Rows, lane: int, log_id: str) -> LaneState:
    """Raise the lane's revision and return its state. Waits for a commit to the lane that is under way."""
    new = {name: value for name, value in new_row(LaneState(lane, 0, log_id, {})).items() if name not in {"_id", "rev"}}
    row: dict[str, Any] | None = await lanes.find_one_and_update(
        {"_id": lane}, {"$inc": {"rev": 1}, "$setOnInsert": new}, upsert=True, return_document=ReturnDocument.AFTER
    )
    if row is None:
        raise RuntimeError(f"MongoDB made no document for lane {lane} of {lanes.name}")
    if row["log_id"] == "":
        await lanes.update_one({"_id": lane, "log_id": ""}, {"$set": {"log_id": log_id}})
        row["log_id"] = log_id
    return state(row)


async def move_lane(
    lanes: Rows, lane: int, rev: int, positions: Positions, incomplete: bool, commit: str, session: AsyncClientSession
) -> bool:
    """Store the positions, if the lane still has this revision; False if this very commit is stored already.

    Raises LaneMoved. The first change of a commit's transaction: two owners meet here, before anything else is done."""
    moved: Fields = {
        f"positions.{_name(topic)}": {"at": at, "event": event} for topic, (at, event) in positions.items()
    }
    if incomplete:
        moved["incomplete"] = True
    done = await lanes.update_one({"_id": lane, "rev": rev}, {"$set": {**moved, "commit": commit}}, session=session)
    if done.matched_count and done.modified_count:
        return True
    row = await lanes.find_one({"_id": lane}, session=session)
    if row is not None and row["rev"] == rev and row["commit"] == commit:
        return False
    raise LaneMoved(f"lane {lane} of {lanes.name}: {row and row['rev']} is not {rev}")


def _name(topic: str) -> str:
    """Return the topic as the name of a field."""
    return topic.replace("%", "%25").replace(".", "%2E").replace("$", "%24")


def _topic(name: str) -> str:
    return name.replace("%24", "$").replace("%2E", ".").replace("%25", "%")

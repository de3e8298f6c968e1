"""The commands that read and write documents; each gets what it sees and returns its answer's fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.doubles.mongo.errors import MongoError
from tests.doubles.mongo.match import matcher
from tests.doubles.mongo.storage import Document, id_key
from tests.doubles.mongo.update import updated, upserted
from tests.doubles.mongo.values import at
from tests.doubles.mongo.view import Sort, View, check_projection, in_order, projected


def find(view: View, ns: str, command: Document) -> list[Document]:
    """Return what `find` asks for."""
    check_projection(command.get("projection") or {})
    found = view.find(ns, command.get("filter", {}), _sort(command.get("sort")), command.get("limit", 0))
    projection = command.get("projection")
    return [projected(each, projection) for each in found] if projection else found


def aggregate(view: View, ns: str, command: Document) -> list[Document]:
    """Return what the pipeline makes: `$match`, `$sort`, `$limit`, `$group` with sums, `$project` of fields."""
    pipeline = list(command["pipeline"])
    of = pipeline.pop(0)["$match"] if pipeline and "$match" in pipeline[0] else {}
    sort: Sort = _sort(pipeline.pop(0)["$sort"]) if pipeline and "$sort" in pipeline[0] else []
    limit = pipeline.pop(0)["$limit"] if pipeline and "$limit" in pipeline[0] else 0
    documents = view.find(ns, of, sort, limit)
    for stage in pipeline:
        ((name, what),) = stage.items()
        if name == "$match":
            test = matcher(what)
            documents = [each for each in documents if test(each)]
        elif name == "$sort":
            documents = in_order(documents, _sort(what))
        elif name == "$limit":
            documents = documents[:what]
        elif name == "$group":
            documents = _grouped(documents, what)
        elif name == "$project":
            documents = [projected(each, what) for each in documents]
        else:
            raise MongoError(2, f"Unrecognized pipeline stage name: '{name}'")
    return documents


def _grouped(documents: list[Document], what: Document) -> list[Document]:
    by = what["_id"]
    if not isinstance(by, dict) and by not in {None, 1}:
        raise MongoError(2, "the double groups by fields only")
    sums = {name: how["$sum"] for name, how in what.items() if name != "_id"}
    groups: dict[tuple[Any, ...], Document] = {}
    for each in documents:
        names = by if isinstance(by, dict) else {}
        place = tuple(_value(each, path) for path in names.values())
        into = groups.get(place)
        if into is None:
            shown = dict(zip(names, place, strict=True)) if isinstance(by, dict) else by
            into = groups[place] = {"_id": shown, **dict.fromkeys(sums, 0)}
        for name, path in sums.items():
            value = _value(each, path)
            into[name] += value if isinstance(value, int | float) else 0
    for each in groups.values():
        for name in sums:
            if not -(2**63) <= each[name] < 2**63:
                each[name] = float(each[name])
    return list(groups.values())


def _value(document: Document, path: Any) -> Any:
    return at(document, path[1:]) if isinstance(path, str) and path.startswith("$") else path


def _sort(of: Document | None) -> Sort:
    if of and any(direction not in {1, -1} for direction in of.values()):
        raise MongoError(2, f"the double does not sort by {of}")
    return [(name, int(direction)) for name, direction in (of or {}).items()]


class Writes:
    """The changes of one command, seen by its own later parts and by the rest of its transaction."""

    def __init__(self, view: View, lock: Callable[[tuple[str, bytes]], None] | None = None) -> None:
        """`lock`: called before a document is changed; may refuse."""
        self.view = view
        self._lock = lock

    def set(self, ns: str, id: bytes, old: Document | None, new: Document | None) -> None:
        """Change a document."""
        if self._lock is not None:
            self._lock((ns, id))
        rows = self.view.changes.setdefault(ns, {})
        rows[id] = (rows[id][0] if id in rows else old, new)


def insert(writes: Writes, ns: str, command: Document) -> Document:
    """Do `insert`."""
    errors: list[Document] = []
    done = 0
    for number, document in enumerate(command["documents"]):
        id = id_key(document)
        if writes.view.get(ns, id) is not None:
            errors.append(_duplicate(number, ns, document["_id"]))
            if command.get("ordered", True):
                break
            continue
        writes.set(ns, id, None, document)
        done += 1
    return {"n": done} | ({"writeErrors": errors} if errors else {})


def _duplicate(number: int, ns: str, id: Any) -> Document:
    text = f"E11000 duplicate key error collection: {ns} index: _id_ dup key: {{ _id: {id!r} }}"
    return {"index": number, "code": 11000, "errmsg": text, "keyPattern": {"_id": 1}, "keyValue": {"_id": id}}


def update(writes: Writes, ns: str, command: Document) -> Document:
    """Do `update`."""
    met = changed = 0
    inserted: list[Document] = []
    errors: list[Document] = []
    for number, each in enumerate(command["updates"]):
        _known(each, {"q", "u", "multi", "upsert"})
        try:
            n, modified, id = _update(writes, ns, each)
        except MongoError as error:
            if error.labels:
                raise
            errors.append({"index": number, "code": error.code, "errmsg": error.message})
            if command.get("ordered", True):
                break
            continue
        met, changed = met + n, changed + modified
        if id is not None:
            inserted.append({"index": number, "_id": id})
    reply: Document = {"n": met, "nModified": changed}
    return reply | ({"upserted": inserted} if inserted else {}) | ({"writeErrors": errors} if errors else {})


def _update(writes: Writes, ns: str, each: Document) -> tuple[int, int, Any]:
    found = list(_matching(writes.view, ns, each["q"], 0 if each.get("multi") else 1))
    if not found and each.get("upsert"):
        document = upserted(each["q"], each["u"])
        writes.set(ns, id_key(document), None, document)
        return 1, 0, document["_id"]
    modified = 0
    for id, old in found:
        new = updated(old, each["u"])
        if new != old:
            modified += 1
            writes.set(ns, id, old, new)
    return len(found), modified, None


def delete(writes: Writes, ns: str, command: Document) -> Document:
    """Do `delete`."""
    gone = 0
    for each in command["deletes"]:
        _known(each, {"q", "limit"})
        for id, old in list(_matching(writes.view, ns, each["q"], each["limit"])):
            writes.set(ns, id, old, None)
            gone += 1
    return {"n": gone}


def find_and_modify(writes: Writes, ns: str, command: Document) -> Document:
    """Do `findAndModify` with an update."""
    found = list(_matching(writes.view, ns, command["query"], 1))
    if not found and not command.get("upsert"):
        return {"value": None, "lastErrorObject": {"n": 0, "updatedExisting": False}}
    if found:
        ((id, old),) = found
        new = updated(old, command["update"])
        last: Document = {"n": 1, "updatedExisting": True}
    else:
        new = upserted(command["query"], command["update"])
        id, old = id_key(new), None
        last = {"n": 1, "updatedExisting": False, "upserted": new["_id"]}
    writes.set(ns, id, old, new)
    return {"value": new if command.get("new") else old, "lastErrorObject": last}


def _matching(view: View, ns: str, of: Document, limit: int) -> Iterator[tuple[bytes, Document]]:
    id = of.get("_id")
    if isinstance(id, str | int):  # by far the most frequent
        place = id_key(of)
        document = view.get(ns, place)
        if document is not None and (len(of) == 1 or matcher(of)(document)):
            yield place, document
        return
    for document in view.find(ns, of, [], limit):
        yield id_key(document), document


def _known(part: Document, names: set[str]) -> None:
    if unknown := part.keys() - names:
        raise MongoError(40415, f"the double does not know {sorted(unknown)}")

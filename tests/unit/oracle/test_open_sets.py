"""The oracle gives what was computed from the raw sources of the open data sets, to the letter (DEFINITIONS 2)."""

import json
from pathlib import Path

import pytest

from services.analytics.oracle.difference import compare, read_report
from services.analytics.oracle.run import recompute
from tests.support.canonical_events import convert
from tests.support.event_log import at

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
SETS = ("helpdesk_it", "maven_crm", "northwind/classic_1996_1998", "northwind/traders_2006")
needs_sets = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"no data sets in {DATA}: put shared/ beside the checkout to run this"
)


@needs_sets
@pytest.mark.parametrize("name", SETS)
def test_equals_expected(name: str, tmp_path: Path):
    meta = json.loads((DATA / name / "canonical" / "meta.json").read_text())
    events = convert(DATA / name / "canonical").write(tmp_path / "events.jsonl")
    with recompute(events, as_of=at(meta["as_of"])) as oracle:
        got = oracle.report()
    want = read_report(DATA / name / "expected")
    assert sorted(got.tables) == sorted(want.tables)
    assert compare(got, want) == []

"""The service's table of contents is complete and consistent."""

import re
from typing import get_args

from contracts.base import EDGE, marked
from contracts.pipeline import commands as c
from services.pipeline.known import PipelineKnown
from services.pipeline.service import SERVICE


def test_every_command_is_handled_once():
    unions = (c.FunnelCommand, c.DealCommand, c.ProductCommand, c.OrderCommand, c.PaymentCommand)
    expected = [command for union in unions for command in get_args(union)] + [c.SetRate]
    handled = [handles.command for handles in SERVICE.handles]
    assert len(handled) == len(set(handled))
    assert set(handled) == set(expected)


def test_paths_are_unique_and_name_fields():
    paths = [handles.path for handles in SERVICE.handles]
    assert len(paths) == len(set(paths))
    for handles in SERVICE.handles:
        fields = handles.command.model_fields
        assert handles.key in fields
        assert set(re.findall(r"{(\w+)}", handles.path)) <= set(fields)
        assert handles.creates == (handles.path.count("/") == 1 and handles.key != "currency")


def test_edge_fields_are_filled_by_an_edge():
    """External ids are filled by imports; an added stage or product has no other."""
    for handles in SERVICE.handles:
        if marked(handles.command, EDGE) - {"external_id"}:
            assert handles.enrich is not None, handles.command


def test_groups_and_cache():
    assert [projection.name for projection in SERVICE.projections] == ["pipeline", "catalog"]
    assert SERVICE.projections[0].work is not None
    assert SERVICE.known is PipelineKnown

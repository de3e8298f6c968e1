"""The pipeline service, its table of contents: what it takes, what it keeps."""

from __future__ import annotations

from services.kit.service import Service
from services.pipeline.api import QUERIES
from services.pipeline.handles import HANDLES
from services.pipeline.known import PipelineKnown
from services.pipeline.projections.groups import CATALOG, PIPELINE

SERVICE = Service("pipeline", HANDLES, (PIPELINE, CATALOG), (), PipelineKnown, QUERIES)

"""The clients service: who we work with."""

from __future__ import annotations

from services.clients.api import QUERIES
from services.clients.handles import HANDLES
from services.clients.projections import CLIENTS_GROUP
from services.clients.reactions.convert_lead import CONVERT_LEAD
from services.kit.service import Service

SERVICE = Service(
    name="clients",
    handles=HANDLES,
    projections=(CLIENTS_GROUP,),
    reactions=(CONVERT_LEAD,),
    queries=QUERIES,
)

"""The web factory: an application made of an engine and its services' tables."""

from services.kit.web.app import PageRoute, create_app, probe_app, service_app
from services.kit.web.asker import Asker, Sitting
from services.kit.web.commands import caller_of
from services.kit.web.door import Door

__all__ = ["Asker", "Door", "PageRoute", "Sitting", "caller_of", "create_app", "probe_app", "service_app"]

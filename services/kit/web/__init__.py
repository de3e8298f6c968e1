"""The web factory: an application made of an engine and its services' tables."""

from services.kit.web.app import PageRoute, create_app
from services.kit.web.queries import Asker

__all__ = ["Asker", "PageRoute", "create_app"]

"""A demo workspace: two invented years of an invented company, as a bundle that the importer reads."""

from services.cli.demo.bundle import least_events, write_bundle

__all__ = ["least_events", "write_bundle"]

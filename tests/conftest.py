"""Settings for all tests."""

from hypothesis import HealthCheck, settings

# Two workers share two cores: an example's time says nothing about the code.
settings.register_profile("voronka", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("voronka")

"""What the tests of the domain share."""

from hypothesis import HealthCheck, settings

# How long an example takes depends on who else uses the machine; pytest's own time limit catches what hangs.
settings.register_profile("shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared-machine")

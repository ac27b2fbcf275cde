"""What all tests share."""

from hypothesis import HealthCheck, settings

# No test measures time: on a busy machine an example may take long, and so may making one up, which fails a test by itself.
settings.register_profile("dodont", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dodont")

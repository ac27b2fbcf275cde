"""What all tests share."""

from hypothesis import settings

# No test measures time: on a busy machine an example may take long.
settings.register_profile("dodont", deadline=None)
settings.load_profile("dodont")

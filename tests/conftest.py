"""What every test shares: how Hypothesis runs. A slow machine is not a failure, so examples have no deadline."""

from hypothesis import settings

settings.register_profile("mela", deadline=None, print_blob=True)
settings.load_profile("mela")

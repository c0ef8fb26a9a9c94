"""The Google emulator, driven over HTTP by the real google-api-python-client."""

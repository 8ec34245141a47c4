"""Commands that the service adds to `fenban`."""

"""What all tests share: how property tests run. Ledgers and models are in the conftest above."""

from __future__ import annotations

from hypothesis import settings

# No time limit on one example: the first of a run builds the character tables.
settings.register_profile("fenban", deadline=None)
settings.load_profile("fenban")

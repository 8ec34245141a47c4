"""Models on disk: bundles of plain arrays, and the versions of each ledger."""

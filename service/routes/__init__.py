"""The calls of HTTP version 1: each parses, calls, and returns."""

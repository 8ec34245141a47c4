"""Fenban's classifier: knows text, categories and departments; nothing of HTTP or SQL."""

__all__ = ["__version__"]

__version__ = "0.1.0"

"""Fenban over HTTP: the API other ledger systems call, and the pages clerks use."""

"""Rewriters of the concurrency rules, one module a rule."""

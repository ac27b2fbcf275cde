"""Rewriters of the errors rules, one module a rule."""

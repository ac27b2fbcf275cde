"""Rewriters of the database rules, one module a rule."""

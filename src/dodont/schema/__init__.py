"""The tables of a project's database, read from its source: as its models declare them, and as its migrations build them."""

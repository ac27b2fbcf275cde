"""One module a rule, named after its card; what a rule may import is ``dodont.analysis``."""

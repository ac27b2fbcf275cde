"""From findings to a verdict: what was known before (baseline), what is new (changes), how many are too many (budget)."""

"""The words every layer shares: rules, diagnostics, fixes, spans, cards. Standard library only."""

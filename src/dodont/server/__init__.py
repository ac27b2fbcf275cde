"""The language server: dodont in an editor. Needs pygls (the extra ``lsp``), which is imported here alone."""

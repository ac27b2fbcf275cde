"""What goes on inside a request handler, for the rules that judge handlers: what its names hold, which blocks refuse."""

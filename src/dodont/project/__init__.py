"""The project around a module: its files found from imports, its modules interpreted at most once, their facts on demand."""

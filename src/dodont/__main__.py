"""Run the command line with ``python -m dodont``."""

from dodont.cli import main

if __name__ == "__main__":
    main()

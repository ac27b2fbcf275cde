"""The tests. They see what people see, also where a coding agent runs them."""

import os

os.environ["DODONT_AGENT"] = "0"

"""What the shop decides, and what it refuses in its own words."""


class NotFound(Exception):
    pass


class Refused(Exception):
    pass

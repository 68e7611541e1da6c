"""Every setting: read once, at the entrance, from the environment. Nothing needs a file.

Each name also works as NAME_FILE: the path of a file that holds the value, for secrets.
"""

from newsletter.settings.addresses import is_loopback
from newsletter.settings.names import MEANINGS, PREFIX
from newsletter.settings.reading import as_environment, read_settings
from newsletter.settings.values import Settings

__all__ = ["MEANINGS", "PREFIX", "Settings", "as_environment", "is_loopback", "read_settings"]

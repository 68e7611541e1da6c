"""The day that comes with the program, as the commands find it."""

from pathlib import Path

import newsletter as package

DAY = "2026-06-16"
DEMO_DAY = Path(package.__file__).with_name("demo_day")

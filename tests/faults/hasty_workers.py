"""The program's own Celery workers and beat by the fast clock: `celery -A hasty_workers worker`."""

import importlib

from hasty import SPEED, Hasty

entrance = importlib.import_module("workers.app")
entrance.Newsletter = Hasty
entrance.SWEEP_SECONDS /= SPEED

app = importlib.import_module("workers").app
for entry in app.conf.beat_schedule.values():
    entry["schedule"] /= SPEED

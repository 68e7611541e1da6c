"""The beat table. Two beats at a time do no harm: a tick only looks at what is due."""

from newsletter.adapters.queue import Task
from workers.app import app

TICK_SECONDS = 60.0

app.conf.beat_schedule = {
    "tick": {"task": str(Task.TICK), "schedule": TICK_SECONDS, "options": {"expires": 55}},
    "poll": {"task": str(Task.POLL_REPORTS), "schedule": TICK_SECONDS, "options": {"expires": 55}},
    "sweep": {"task": str(Task.SWEEP), "schedule": TICK_SECONDS, "options": {"expires": 55}},
}

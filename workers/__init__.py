"""The Celery side: `celery -A workers worker`, `celery -A workers beat`."""

from workers import schedule, tasks
from workers.app import app

__all__ = ["app", "schedule", "tasks"]

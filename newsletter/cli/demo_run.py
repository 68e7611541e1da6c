"""The demo's day through the queue: ring, and watch the ledger until the edition is done."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import typer

from newsletter.adapters.queue import Task
from newsletter.cli.demo_stage import Stage
from newsletter.cli.stopping import Stopping
from newsletter.core.delivery.states import State
from newsletter.errors import Unavailable

LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 60.0  # for each leg; all of them together take two seconds
MOST_DEATHS = 3
UNDER_WAY = (State.PENDING, State.SENDING)

Show = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What each look at the ledger needs: the stage, the wish to stop, where to show progress."""

    stage: Stage
    stopping: Stopping
    show: Show


def run_the_day(watch: Watch) -> None:
    """Have the worker pull, plan and send; return when no delivery is under way.

    Raises Unavailable with the end of the worker's log, typer.Exit when asked to stop.
    """
    stage = watch.stage
    day, service = stage.day.isoformat(), stage.newsletter
    service.queue.ring(Task.PULL, day=day)
    _wait(watch, "pull", _pulled)
    service.queue.ring(Task.PLAN, range_no=0, edition=day, everyone=1)
    _wait(watch, "plan", _planned)
    service.queue.ring(Task.SEND)
    _wait(watch, "send", _sent)


def _pulled(stage: Stage) -> tuple[int, int]:
    # Only of this day: the worker, once it is up, looks for the papers of today by itself.
    looks = stage.newsletter.pulled(stage.day)
    for look in looks:
        if look.problem:
            raise Unavailable(f"The papers of {stage.day} cannot be read: {look.problem}")
    return len(looks), 1


def _planned(stage: Stage) -> tuple[int, int]:
    # All six readers are of one range, which is planned in one transaction.
    return sum(one.edition == stage.day for one in stage.newsletter.editions()), 1


def _sent(stage: Stage) -> tuple[int, int]:
    for one in stage.newsletter.editions():
        if one.edition == stage.day:
            total = sum(one.counts.values())
            return total - sum(one.counts.get(state, 0) for state in UNDER_WAY), total
    return 0, 0


def _wait(watch: Watch, leg: str, look: Callable[[Stage], tuple[int, int]]) -> None:
    """Until `look` says that all of its total is done."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        done, total = look(watch.stage)
        watch.show(leg, done, total)
        if done >= total:
            return
        if watch.stopping.wait(LOOK_SECONDS):
            raise typer.Exit(watch.stopping.exit_code)
        watch.stage.children.tend()
        if watch.stage.children.deaths("worker") >= MOST_DEATHS:
            raise Unavailable(_why(watch.stage, f"The worker ended {MOST_DEATHS} times"))
        if time.monotonic() > give_up:
            raise Unavailable(
                _why(watch.stage, f"The worker was not done in {PATIENCE_SECONDS:.0f} seconds")
            )


def _why(stage: Stage, what: str) -> str:
    """The end of the worker's log; all of it is kept beside the demo's folder, which goes."""
    from newsletter.adapters.embedded.processes import last_lines

    kept = Path(tempfile.gettempdir()) / f"newsletter-demo-worker-{os.getpid()}.log"
    shutil.copyfile(stage.worker_log, kept)
    lines = last_lines(kept) or "(it is empty)"
    return f"{what}. Its log is {kept}; the last lines:\n{lines}"

"""The workers' line to the broker when it is lost."""

import os
import subprocess
import sys
from pathlib import Path

from newsletter.adapters.embedded.redis import EmbeddedRedis
from newsletter.adapters.redis_urls import broker_url
from newsletter.settings import PREFIX

ROOT = Path(__file__).parents[2]

# What Celery does when the line is lost: it collects what the connection holds, which fails
# half-way, closes the channels, of which one holds a message, and ticks that off later.
LOSE_IT = """
import sys
import workers
from kombu import Connection

with Connection(sys.argv[1]) as line:
    queue = line.SimpleQueue("bells")
    queue.put("ring")
    message = queue.get()
    channel = message.channel
    channel._disconnect_pools()
    channel.connection.client = None
    channel.close()
    message.ack()
"""


def test_a_worker_that_loses_its_line_in_the_middle_of_a_task_does_not_end(tmp_path):
    with EmbeddedRedis(tmp_path / "redis") as server:
        lost = subprocess.run(
            [sys.executable, "-c", LOSE_IT, broker_url(server.url())],
            env=os.environ | {f"{PREFIX}REDIS_URL": server.url(), "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert (lost.returncode, lost.stderr) == (0, "")

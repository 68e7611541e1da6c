"""The workers' line to the broker, so that they outlive its loss."""

from typing import Any

from kombu.transport import redis


class LastingQoS(redis.QoS):
    """What a worker took from the queue and did not end yet.

    kombu (5.7) gives it back whenever a channel closes. When the line is lost that cannot be done:
    it fails with an AttributeError, which Celery takes for the worker's end. Redis has kept these
    messages all the while, and gives them out again by itself.
    """

    def restore_unacked_once(self, stderr: Any = None) -> None:
        if self.channel.connection.client is None:
            self.restore_at_shutdown = False
        super().restore_unacked_once(stderr)


def outlive_broker() -> None:
    """Let every channel that is opened from now on keep its messages so."""
    redis.Channel.QoS = LastingQoS

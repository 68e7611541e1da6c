"""The workers' line to the broker, so that they outlive its loss."""

from typing import Any

from kombu.transport import redis


class LastingQoS(redis.QoS):
    """What a worker took from the queue and did not end yet.

    When the line is lost, Redis keeps these messages and gives them out again by itself. kombu
    (5.7) tries all the same to give them back, and later to tick off the ones that were in hand:
    it fails with an AttributeError, which Celery takes for the worker's end.
    """

    def restore_unacked_once(self, stderr: Any = None) -> None:
        if self._is_lost():
            self.restore_at_shutdown = False
        super().restore_unacked_once(stderr)

    def ack(self, delivery_tag: str) -> None:
        if not self._is_lost():
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if not self._is_lost():
            super().reject(delivery_tag, requeue)

    def _is_lost(self) -> bool:
        line = self.channel.connection
        return line is None or line.client is None


def outlive_broker() -> None:
    """Let every channel that is opened from now on keep its messages so."""
    redis.Channel.QoS = LastingQoS

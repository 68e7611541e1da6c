"""A port to listen on: the wanted one, or the next that is free."""

import errno
import socket

from newsletter.errors import Refused

PORTS_TRIED = 50


def open_port(host: str, port: int, *, is_fixed: bool) -> socket.socket:
    """A listening socket on `port` (0: any); the next free one after it unless it is fixed.

    Raises Refused, in one sentence that names the port.
    """
    wanted = [port] if is_fixed or port == 0 else [*range(port, min(port + PORTS_TRIED, 65536)), 0]
    for one in wanted:
        try:
            return _listen(host, one)
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE or one == wanted[-1]:
                raise Refused(_why(host, one, problem)) from None
    raise AssertionError("the loop above returns or raises")


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, place = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        # Connections of the last run that linger in TIME_WAIT must not keep the port.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def _why(host: str, port: int, problem: OSError) -> str:
    if isinstance(problem, socket.gaierror):
        return f"{host!r} is no address of this machine: name one such as 127.0.0.1 or 0.0.0.0."
    if problem.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program: choose another with --port."
    if problem.errno == errno.EACCES:
        return f"Port {port} is not open to this account: choose one above 1023 with --port."
    return f"Port {port} on {host} cannot be used: {problem.strerror}."

"""Worlds for the fault suite: each test gets one of its own, and leaves nothing behind."""

from collections.abc import Callable, Iterator

import pytest
from world import World


@pytest.fixture
def make_world(request, tmp_path) -> Iterator[Callable[..., World]]:
    """make_world("sqlite" or "postgres", …): see World for the rest."""
    worlds: list[World] = []
    databases: list = []

    def make(database: str = "sqlite", **values) -> World:
        if database == "postgres":
            server = request.getfixturevalue("postgres_server")
            databases.append((server, server.create()))
            values["postgres"] = databases[-1]
        folder = tmp_path / f"world{len(worlds)}"
        folder.mkdir()
        worlds.append(World(folder, **values))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()
    for server, name in databases:
        server.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request) -> str:
    """Either, one after the other."""
    return request.param


@pytest.fixture
def world(make_world, database) -> World:
    return make_world(database)

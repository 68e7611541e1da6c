"""Choose, rank, cap and group one subscriber's papers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One paper in a digest and why: `words` are those of the filter that brought it, as written."""

    paper_id: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The papers that one topic brought, best first; never empty."""

    topic: str
    picks: tuple[Pick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One subscriber's selection: never empty, each paper once. `left_out` fell to a cap."""

    sections: tuple[Section, ...]
    left_out: tuple[Pick, ...] = ()

    @property
    def paper_ids(self) -> tuple[str, ...]:
        return tuple(pick.paper_id for section in self.sections for pick in section.picks)

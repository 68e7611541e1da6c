"""What the forms offer to choose from."""

from newsletter.core.languages import LANGUAGES
from newsletter.core.subscribers import MAX_CAP, MAX_MUTES, MAX_NAME, MAX_TOPICS
from newsletter.web.forms import CADENCES, WEEKDAYS, time_zones

HOURS = tuple((str(hour), f"{hour:02}:00") for hour in range(24))


def choices() -> dict[str, object]:
    """Lists and limits, by the names that templates use."""
    return {
        "cadences": CADENCES,
        "weekdays": tuple((str(number), name) for number, name in enumerate(WEEKDAYS)),
        "hours": HOURS,
        "zones": time_zones(),
        "languages": LANGUAGES,
        "limits": {
            "topics": MAX_TOPICS,
            "mutes": MAX_MUTES,
            "cap": MAX_CAP,
            "name": MAX_NAME,
        },
    }

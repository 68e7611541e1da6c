"""The index against the oracle for minutes: 100,000 pairs and more, and any text for a filter.

Each run draws other filters; the seed is printed, and NEWSLETTER_TEST_SEED repeats a run.
"""

import pytest

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1_800)]

"""Sample mails that touch every line of the templates, for `Renderer.check`."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Protocol

from newsletter.core.delivery import Kind
from newsletter.core.digests import Digest, Pick, Section
from newsletter.core.papers import Organization, Paper
from newsletter.core.mails import Brand, Links, Rendered

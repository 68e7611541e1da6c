"""The one way to ask a source over HTTP."""

from newsletter.adapters.http.client import Answer, Http, Limits, Manners

__all__ = ["Answer", "Http", "Limits", "Manners"]

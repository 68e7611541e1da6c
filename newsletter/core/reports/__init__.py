"""Bounces and complaints as they come by mail, read into records that a rule can decide on."""

from newsletter.core.reports.mime import MAX_REPORT_BYTES
from newsletter.core.reports.parsing import parse_report
from newsletter.core.reports.values import Kind, Nature, Record, Report

__all__ = ["MAX_REPORT_BYTES", "Kind", "Nature", "Record", "Report", "parse_report"]

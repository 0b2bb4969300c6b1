"""The support report in people's inbox, once a week: on Monday morning, when the week that has ended is stored.

What is on the page is decided in `reamaze_pipeline.report`; a week whose last day is not whole yet waits for it.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from zoneinfo import ZoneInfo

from reamaze_pipeline.alerts.channels import to_mail
from reamaze_pipeline.alerts.incident import Message
from reamaze_pipeline.settings import Alerts
from reamaze_pipeline.warehouse.files.permissions import make_private

FROM_HOUR = 7
"""On Mondays, in the time zone of the days."""


def send_report(
    home: Path, settings: Alerts, report: Path, timezone: str, newest_whole: dt.date | None, now: dt.datetime
) -> str:
    """Mail the report if it is time and it was not mailed this week; a line that says why not, or that it was.

    Raises `AlertNotSent`; the next call tries again.
    """
    if not settings.report_email or settings.smtp_url is None:
        return "REAMAZE_REPORT_EMAIL is not set"
    here = now.astimezone(ZoneInfo(timezone))
    monday = here.date() - dt.timedelta(here.weekday())
    begins = dt.datetime.combine(monday, dt.time(FROM_HOUR), here.tzinfo)
    sent = home / "report_sent.json"
    if here < begins or _sent_for(sent) == str(monday):
        return "the report of this week was sent" if here >= begins else f"the report is sent from {begins} on"
    if newest_whole is None or newest_whole < monday - dt.timedelta(1):
        return "the week that has ended is not stored yet"
    if not report.exists() or report.stat().st_mtime < begins.timestamp() - FROM_HOUR * 3_600:
        return "the report of this night is not written yet"
    week = f"{monday - dt.timedelta(7)} to {monday - dt.timedelta(1)}"
    message = Message(
        f"Support report, week of {week}",
        f"The support report up to {newest_whole} is attached: one page for any browser, without a network.",
    )
    to_mail(settings.smtp_url.get_secret_value(), settings.report_email, message, attached=report)
    sent.write_text(json.dumps({"week": str(monday)}))
    make_private(sent)
    return f"the report of the week of {week} was sent"


def _sent_for(file: Path) -> str | None:
    try:
        week = json.loads(file.read_text())["week"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(week)

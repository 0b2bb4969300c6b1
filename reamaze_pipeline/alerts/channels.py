"""Where a message goes: a webhook that takes what Slack takes, and mail through an SMTP server. Both keep their secret.

Raises `AlertNotSent` with a text that names the channel and the kind of the error, never an address with its secret.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests

from reamaze_pipeline.alerts.incident import Message
from reamaze_pipeline.errors import AlertNotSent
from reamaze_pipeline.settings.values import is_loopback

SECONDS = 20


def to_webhook(url: str, message: Message) -> None:
    """Post the message as ``{"text": …}``; redirects are not followed."""
    try:
        answer = requests.post(
            url, json={"text": f"*{message.subject}*\n{message.text}"}, timeout=SECONDS, allow_redirects=False
        )
    except requests.RequestException as error:
        raise AlertNotSent(f"the webhook cannot be reached ({type(error).__name__})") from None
    if answer.status_code >= 300:
        raise AlertNotSent(f"the webhook answered {answer.status_code}")


def to_mail(smtp_url: str, addresses: str, message: Message, attached: Path | None = None) -> None:
    """Send the message to the addresses (comma list), with an HTML page if one is given.

    Over ``smtp://`` to another machine only once it is encrypted.
    """
    server = urlsplit(smtp_url)
    recipients = [address.strip() for address in addresses.split(",") if address.strip()]
    mail = EmailMessage()
    mail["Subject"], mail["To"] = message.subject, ", ".join(recipients)
    user = unquote(server.username or "")
    mail["From"] = user if "@" in user else f"reamaze-pipeline@{server.hostname}"
    mail.set_content(message.text)
    if attached is not None:
        mail.add_attachment(attached.read_text(encoding="utf-8"), subtype="html", filename=attached.name)
    try:
        with _connected(smtp_url) as smtp:
            if user:
                smtp.login(user, unquote(server.password or ""))
            smtp.send_message(mail)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise AlertNotSent(f"the mail server {server.hostname} took no message ({type(error).__name__})") from None


def _connected(url: str) -> smtplib.SMTP:
    server = urlsplit(url)
    host, trusted = server.hostname or "", ssl.create_default_context()
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(host, server.port or 465, timeout=SECONDS, context=trusted)
    smtp = smtplib.SMTP(host, server.port or 587, timeout=SECONDS)
    if not is_loopback(url):
        smtp.starttls(context=trusted)
    return smtp

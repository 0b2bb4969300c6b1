"""What is written: subjects, slugs, categories, tags and bodies, from plain words to what breaks loaders."""

from __future__ import annotations

import html
import re
from functools import lru_cache

from reamaze_pipeline.sandbox.brand.draw import Draw, base36, from_base36

CATEGORIES = (
    ("Support", "support", 1),
    ("Orders", "orders", 1),
    ("Billing", "billing", 1),
    ("Suggestions", "suggestions", 1),
    ("Website Chat", "website-chat", 0),
    ("Instagram", "instagram", 16),
)
"""Name, slug and channel; the channel is a code list of its own, where 16 is Instagram DM."""
TAGS = ("vip", "refund", "bug", "shipping", "wholesale")

SUBJECTS = (
    "Where is my order?", "Refund for a damaged parcel", "Cannot log in",
    "Do you read me?", "Invoice for March",
    "Change of delivery address", "Wrong size received", "Cancel my subscription",
    "Discount code does not work",
    "Question about sizing", "Bulk order: 200 units", "Two-factor code never arrives",
    "¿Dónde está mi pedido?",
    "Größe tauschen", "返品について", "متى يصل طلبي؟", "Love the new colours 💙", "Payment failed twice",
    "Feature request: dark mode", "Gift wrapping & a note", "Warranty claim",
    "Website down?", "Re: your newsletter",
)  # fmt: skip
FROM_CUSTOMER = (
    "Hi, my order has not arrived yet and the tracking page has not moved for three days.",
    "The parcel came damaged. I attached two pictures; can I have a replacement?",
    "I still cannot log in, the reset link says it has expired.",
    "Could you send the invoice to our accounting team, please?",
    "Thanks, that worked!",
    "Please change the delivery address, we moved last week.",
    "The discount code SPRING20 is refused at the checkout, any idea why?",
    "Hola, ¿me pueden decir cuándo llega mi pedido? Gracias de antemano.",
    "Guten Tag, ich möchte die Größe tauschen: 42 statt 40.",
    "商品がまだ届いていません。確認をお願いします。",
    "Any news on this? I need it by Friday.",
    "I was charged twice for one order & would like one payment back.",
    "Is there a student price? I could not find it on the page.",
    "Great service as always 🎉",
)
FROM_STAFF = (
    "Thanks for writing in! I have asked the warehouse and will be back to you today.",
    "I am sorry about that. A replacement is on its way, no need to send the old one back.",
    "I have sent a new link; it is valid for one hour.",
    "The invoice went out just now, please check the spam folder too.",
    "Your refund is on its way and should show within five working days.",
    "I have changed the address. The parcel leaves tomorrow morning.",
    "I'm sorry, Dave. I'm afraid I can't do that.",
    "Could you tell me the order number, so that I can look it up?",
    "Gracias por escribirnos, su pedido sale hoy.",
    "Glad to hear it! Is there anything else that I can do for you?",
    "The code works again, the campaign had ended a day too early.",
)
NOTES = (
    "Called the carrier: parcel is stuck at customs. Waiting for papers.",
    "Third complaint about this batch, escalate to production.",
    "VIP, please answer before noon.",
)
RIGHT_TO_LEFT = (
    "مرحبا، لم يصل طلبي بعد.\u200f رقم الطلب 4411",
    "שלום, ההזמנה שלי לא הגיעה \u202b(4411)\u202c",
)
EMOJI = ("Thanks 👩‍👩‍👧‍👦🎉 you are the best 🇩🇪 👍🏽", "😡😡😡 where is it", "💙 it, ship more 🚀")


def body(draw: Draw, *, staff: bool, note: bool) -> str:
    """A body as helpdesks hold them: plain text, HTML with entities, or Markdown."""
    stock = NOTES if note else FROM_STAFF if staff else FROM_CUSTOMER
    sentences = [draw.pick(stock) for _ in range(1 + draw.below(3))]
    form = draw.below(10)
    if form < 5:
        return "\n\n".join(sentences)
    if form < 8:
        marked = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
        quoted = "<blockquote>On Monday, you wrote:<br>&gt; &nbsp;&hellip;</blockquote>" if draw.chance(300) else ""
        return f'<div class="message">{marked}{quoted}</div>'
    return f"**{sentences[0]}**\n\n" + "".join(f"- {sentence}\n" for sentence in sentences[1:])


def huge_body(draw: Draw) -> str:
    """A pasted log or a long thread, some 60 to 100 thousand characters."""
    return f"<div>{draw.pick(FROM_CUSTOMER)}" + "<p>2026-01-01 00:00:00 GET /checkout 200 &amp; more</p>" * (
        1200 + draw.below(800)
    )


@lru_cache(maxsize=50_000)
def subject_and_slug(seed: int, conversation: int) -> tuple[str, str]:
    """Subject and slug of a conversation; the slug ends in the conversation's number and is unique."""
    draw = Draw(seed, "conversation", conversation)
    subject = draw.pick(SUBJECTS)
    stem = re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-") or "conversation"
    if conversation % 41 == 11:
        stem = draw.pick(("$" + stem, stem.replace("-", "."), stem + "_v1.0", stem + "+copy", "-" + stem))
    return subject, f"{stem}-{base36(conversation)}"


def conversation_of(seed: int, slug: str) -> int | None:
    """The conversation whose slug this is, or None."""
    number = from_base36(slug.rpartition("-")[2])
    if number is None or subject_and_slug(seed, number)[1] != slug:
        return None
    return number

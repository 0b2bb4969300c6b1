"""Who writes: eight agents, a shared inbox, and any number of customers made from their number.

A person is found again from the email alone, so no table of people is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from reamaze_pipeline.sandbox.brand.draw import Draw, base36, from_base36

AGENTS = (
    ("Maya Lindqvist", "maya"),
    ("Tomás Herrera", "tomas"),
    ("Alex Kim", "alex.kim"),
    ("Alex Kim", "alexandra.kim"),
    ("Priya Raman", "priya"),
    ("Jonas Weber", "jonas"),
    ("Aoife O'Connor", "aoife"),
    ("Kenji Watanabe", "kenji"),
)
"""Name and mailbox; two agents share a display name and are told apart by email alone."""
SHARED_INBOX = len(AGENTS)
FIRST_CUSTOMER = SHARED_INBOX + 1

GIVEN = (
    ("Olivia", "olivia"), ("Noah", "noah"), ("José", "jose"), ("Zoë", "zoe"),
    ("Björn", "bjorn"), ("Fatima", "fatima"),
    ("美咲", "misaki"), ("Владимир", "vladimir"), ("محمد", "mohammed"),
    ("נועה", "noa"), ("Siobhán", "siobhan"),
    ("Łukasz", "lukasz"), ("Chloe", "chloe"), ("Emma", "emma"), ("Liam", "liam"),
    ("Ana", "ana"), ("Raj", "raj"),
    ("Mei", "mei"), ("Grace", "grace"), ("Hugo", "hugo"), ("Nadia", "nadia"),
    ("Ethan", "ethan"), ("Ivy", "ivy"),
    ("Samuel", "samuel"), ("Dave", "dave"), ("Ruth", "ruth"), ("Omar", "omar"), ("Lena", "lena"),
)  # fmt: skip
FAMILY = (
    ("Nguyen", "nguyen"), ("García", "garcia"), ("Smith", "smith"),
    ("Müller", "mueller"), ("Okafor", "okafor"),
    ("O'Brien", "obrien"), ("Rossi", "rossi"), ("Silva", "silva"),
    ("Kowalski", "kowalski"), ("Haddad", "haddad"),
    ("Tanaka", "tanaka"), ("Andersson", "andersson"), ("Patel", "patel"),
    ("Dubois", "dubois"), ("Cohen", "cohen"),
    ("Van der Berg", "vandenberg"), ("Bowman", "bowman"), ("Yılmaz", "yilmaz"),
    ("Brown", "brown"), ("Sato", "sato"),
)  # fmt: skip
HOSTS = ("example.com", "example.net", "example.org", "mail.example", "post.example")


@dataclass(frozen=True, slots=True)
class Person:
    """A sender or recipient. `email` None with `email_known` False is a user object without that key."""

    name: str
    email: str | None
    email_known: bool = True
    mobile: str | None = None


class People:
    """The people of one brand and one seed, by number: agents, then the shared inbox, then customers."""

    def __init__(self, seed: int, brand: str) -> None:
        self._seed = seed
        self._brand = brand
        self.person = lru_cache(maxsize=20_000)(self._person)

    def _person(self, number: int) -> Person:
        if number < SHARED_INBOX:
            name, mailbox = AGENTS[number]
            return Person(name, f"{mailbox}@{self._brand}.example")
        if number == SHARED_INBOX:
            return Person(f"{self._brand.title()} Support", f"support@{self._brand}.example")
        customer = number - FIRST_CUSTOMER
        draw = Draw(self._seed, "person", customer)
        given, family = draw.pick(GIVEN), draw.pick(FAMILY)
        name = f"{given[0]} {family[0]}"
        mobile = f"+1555{draw.below(10_000_000):07}"
        if customer % 53 == 7:  # writes by SMS or chat and never left an address
            return Person(name, None, mobile=mobile)
        if customer % 53 == 29:
            return Person(name, None, email_known=False, mobile=mobile)
        return Person(name, f"{given[1]}.{family[1]}.{base36(customer)}@{draw.pick(HOSTS)}", mobile=mobile)

    def find(self, email: str) -> int | None:
        """The number of the person with this email (case ignored), or None."""
        email = email.lower()
        for number in range(FIRST_CUSTOMER):
            if self.person(number).email == email:
                return number
        customer = from_base36(email.partition("@")[0].rpartition(".")[2])
        if customer is None or customer > 10_000_000:
            return None
        number = FIRST_CUSTOMER + customer
        return number if self.person(number).email == email else None

"""What we hold against what Re:amaze holds: the days that differ are found, named, and mended. Over real HTTP."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, log2
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.api.privacy import Redaction
from reamaze_pipeline.audit.compare import Auditor, _bisected
from reamaze_pipeline.audit.findings import Audit
from reamaze_pipeline.audit.held import Held
from reamaze_pipeline.audit.record import record
from reamaze_pipeline.audit.remembered import remembered
from reamaze_pipeline.commands.app import run
from reamaze_pipeline.crawl.crawl import crawl
from reamaze_pipeline.crawl.messages import BrandClient
from reamaze_pipeline.crawl.page_rows import page_row
from reamaze_pipeline.crawl.window import Window
from reamaze_pipeline.defs.partitions import day_window, days_between
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.models.seeds import load_seeds
from reamaze_pipeline.sandbox import History, Sandbox, SandboxOptions, Truth
from reamaze_pipeline.warehouse.connection import reading, writing
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.lake.location import Location, located
from reamaze_pipeline.warehouse.table import Table
from tests.conftest import FIRST, LAST, Deploy, revisions
from tests.warehouse.lakes import needs_lake

Captured = pytest.CaptureFixture[str]
DAYS = days_between(FIRST, LAST)
HALVINGS = ceil(log2(len(DAYS)))


@pytest.fixture(params=range(4), ids=["dates, flag", "dates, no flag", "no dates, flag", "no dates, no flag"][::-1])
def brand(request: pytest.FixtureRequest, history: SandboxOptions) -> Iterator[Sandbox]:
    """The history whose days are stored, in each revision of the API."""
    with Sandbox(revisions(history)[request.param]) as serving:
        yield serving


@dataclass(frozen=True)
class Holding:
    """A warehouse that may be written to, and what an audit needs of its deployment."""

    project: Project
    database: Location

    @property
    def messages(self) -> Table:
        return next(model.table for model in self.project.models if model.table.label == "core.messages")

    @property
    def held(self) -> Held:
        return Held(self.database, self.messages)


@pytest.fixture
def holding(stored_once: Path, project: Project, tmp_path: Path) -> Holding:
    """The stored days, as a file of this test's own: to set up a whole deployment takes longer than an audit."""
    return Holding(project, shutil.copy(stored_once / "reamaze.duckdb", tmp_path / "held.duckdb"))


def audited(
    brand: Sandbox,
    holding: Holding | Deployment,
    how: Callable[[Auditor], object] = Auditor.counts,
    days: Sequence[dt.date] = DAYS,
) -> list[tuple[dt.date, int, int]]:
    windows = [day_window(day, "UTC") for day in days]
    with BrandClient(brand.url, brand.email, brand.token) as client:
        found = how(Auditor(client, holding.project, Held(holding.database, holding.messages), windows))
    return [(each.day, each.stored, each.api) for each in found.different]  # type: ignore[attr-defined]


def place(brand: Sandbox, day: dt.date, nth: int = 3) -> int:
    """Where in the list the nth message of a day is."""
    places = [n for n, row in enumerate(brand.truth()) if row.created_at.date() == day]
    return places[nth]


def counts(brand: Sandbox, day: dt.date) -> int:
    return sum(row.created_at.date() == day for row in brand.truth())


def allowed(brand: Sandbox, differing: int) -> int:
    if brand.options.dates_honoured:
        return 4 + 2 * differing * HALVINGS
    pages = ceil(len(brand.history) / brand.options.page_size)
    return 1 + (2 + differing * HALVINGS) * (3 + ceil(log2(pages)))


def test_at_rest_nothing_differs_and_each_question_costs_what_is_stated(brand: Sandbox, holding: Holding) -> None:
    assert audited(brand, holding) == []
    assert len(brand.requests) <= allowed(brand, 0)
    brand.reset_requests()
    assert audited(brand, holding, Auditor.sides) == []
    assert len(brand.requests) <= 2 * allowed(brand, 0)
    brand.reset_requests()
    assert audited(brand, holding, Auditor.rows) == []
    assert len(brand.requests) <= to_read(brand, [row for row in brand.truth() if row.created_at.date() in DAYS])


def to_read(brand: Sandbox, rows: Sequence[Truth]) -> int:
    """The pages of the rows, of both sides where no row says its own, and those that find them in a list."""
    sides = [rows]
    if not brand.options.staff_flag:
        sides = [[row for row in rows if row.is_staff is side] for side in (True, False)]
    size, pages = brand.options.page_size, ceil(len(brand.history) / brand.options.page_size)
    found = 2 if brand.options.dates_honoured else 2 + ceil(log2(pages))
    return sum(ceil(len(side) / size) + 1 + found for side in sides) + 2 * (len(sides) - 1)


@pytest.mark.parametrize("differing", [[2], [0, 7], [1, 3, 4]])
def test_days_that_differ_are_found_by_counts(brand: Sandbox, holding: Holding, differing: list[int]) -> None:
    before = {day: counts(brand, day) for day in DAYS}
    for nth in differing:
        brand.history.delete(place(brand, DAYS[nth]))
    brand.reset_requests()
    assert audited(brand, holding) == [(DAYS[n], before[DAYS[n]], before[DAYS[n]] - 1) for n in differing]
    assert len(brand.requests) <= allowed(brand, len(differing))


def test_messages_at_the_very_edges_of_days_are_counted_once(history: SandboxOptions, holding: Holding) -> None:
    for inclusive in (True, False):
        options = SandboxOptions(
            **{**vars(history), "dates_honoured": True, "start_inclusive": inclusive, "end_inclusive": inclusive}
        )
        with Sandbox(options) as brand:
            late = {"body": "midnight", "conversation": {"slug": "x"}, "user": None, "origin": 1, "visibility": 0}
            brand.history.insert({**late, "created_at": f"{DAYS[4]}T00:00:00.000Z"})
            assert [day for day, _, _ in audited(brand, holding)] == [DAYS[4]]


def test_sides_that_differ(brand: Sandbox, holding: Holding) -> None:
    with writing(holding.database) as connection:
        connection.execute(
            "UPDATE core.messages SET is_staff = NOT is_staff WHERE message_id IN"
            " (SELECT message_id FROM core.messages WHERE day = ? AND is_staff LIMIT 2)",
            [DAYS[5]],
        )
    assert audited(brand, holding) == []
    found = audited(brand, holding, Auditor.sides)
    assert [day for day, _, _ in found] == [DAYS[5]] * 2
    assert sorted(api - stored for _, stored, api in found) == [-2, 2]


def test_rows_are_told_by_identity_where_counts_agree(brand: Sandbox, holding: Holding) -> None:
    """A deletion and a late message on one day: what the crawl cannot see, and no count."""
    row = list(brand.truth())[place(brand, DAYS[2])]
    brand.history.delete(place(brand, DAYS[2]))
    brand.history.insert({**row.message, "body": "late"}, at=row.created_at)
    assert audited(brand, holding) == []
    (difference,) = compared(brand, holding).different
    assert (difference.day, len(difference.missing), len(difference.gone)) == (DAYS[2], 1, 1)
    assert difference.gone[0].created_at == row.created_at.replace(tzinfo=None)
    assert "late" not in json.dumps(difference.as_json())


def test_one_conversation_and_one_sender(brand: Sandbox, holding: Holding) -> None:
    row: Truth = next(
        r for r in brand.truth() if r.created_at.date() == DAYS[6] and (r.message.get("user") or {}).get("email")
    )
    slug, email = row.message["conversation"]["slug"], row.message["user"]["email"]
    for wanted in (MessageList(conversation=slug), MessageList(sent_by=email.upper())):
        brand.reset_requests()
        listed = [r for r in brand.truth() if r.message["conversation"]["slug"] == slug]
        if wanted.sent_by:
            listed = [r for r in brand.truth() if (r.message.get("user") or {}).get("email") == email]
        assert audited(brand, holding, lambda auditor, of=wanted: auditor.rows(of)) == []  # type: ignore[misc]
        assert len(brand.requests) <= to_read(brand, listed)
    at = next(n for n, r in enumerate(brand.truth()) if r.row == row.row)
    brand.history.delete(at)
    for wanted in (MessageList(conversation=slug), MessageList(sent_by=email)):
        if wanted.conversation and not brand.history.knows(slug):
            continue
        found = audited(brand, holding, lambda auditor, of=wanted: auditor.rows(of))  # type: ignore[misc]
        assert [day for day, _, _ in found] == [DAYS[6]]


def test_the_command_finds_records_and_repairs(sandbox: Sandbox, stored: Deployment, capsys: Captured) -> None:
    brand, holding = sandbox, stored
    brand.history.delete(place(brand, DAYS[1]))
    brand.history.insert_late(dt.datetime.combine(DAYS[5], dt.time(12), dt.UTC))
    assert run(["audit", "--days", "--json"]) == 1
    out, err = capsys.readouterr()
    said = json.loads(out.splitlines()[-1])
    assert [each["day"] for each in said["different"]] == [str(DAYS[1]), str(DAYS[5])]
    assert [len(each["gone"]) for each in said["different"]] == [1, 0]
    assert [len(each["missing"]) for each in said["different"]] == [0, 1]
    assert (said["ok"], said["days_compared"]) == (False, len(DAYS))
    assert "gone there" in err
    untouched = loaded(holding, DAYS[3])
    assert run(["audit", "--days", "--repair", "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["repaired"] == [str(DAYS[1]), str(DAYS[5])]
    assert loaded(holding, DAYS[3]) == untouched
    assert audited(brand, holding, Auditor.rows) == []
    with reading(holding.database) as connection:
        kept = connection.execute(
            "SELECT kind, day, stored_count, api_count, different_days FROM meta.audits ORDER BY audited_at, day"
        ).fetchall()
    assert [row[1] for row in kept if row[1]] == [DAYS[1], DAYS[5]] * 2
    assert [row[4] for row in kept if row[1] is None] == [2, 2, 0]


def loaded(holding: Deployment, day: dt.date) -> object:
    with reading(holding.database) as connection:
        return connection.execute(
            "SELECT loaded_at FROM meta.partitions WHERE schema_name = 'core' AND table_name = 'messages' AND day = ?",
            [day],
        ).fetchall()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--days", "--sides"], "choose one"),
        (["--from", "2026-03-09", "--to", "2026-03-08"], "cannot be audited"),
        (["--from", "2020-01-01"], "REAMAZE_START_DATE"),
        (["--to", "2999-01-01"], "last whole day"),
        (["--conversation", ""], "blank"),
    ],
)
def test_wrong_usage(stored: Deployment, capsys: Captured, arguments: list[str], why: str) -> None:
    assert run(["audit", *arguments]) == 2
    assert why in capsys.readouterr().err


def test_nothing_stored_is_wrong_usage(sandbox: Sandbox, deploy: Deploy, capsys: Captured) -> None:
    deploy(sandbox, name="empty")
    assert run(["audit"]) == 2
    assert capsys.readouterr().err.startswith("error: ")


class Told:
    """Counts known beforehand, and how often they were asked for."""

    def __init__(self, by_day: list[int], windows: list[Window]) -> None:
        self.by_day, self.windows, self.asked = by_day, windows, 0

    def between(self, start: dt.datetime, end: dt.datetime) -> int:
        self.asked += 1
        inside = [n for n, window in enumerate(self.windows) if start <= window.start and window.end <= end]
        return sum(self.by_day[n] for n in inside)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=1, max_size=400))
def test_halving_finds_exactly_the_days_that_hold_more(days: list[tuple[int, int]]) -> None:
    windows = [day_window(FIRST + dt.timedelta(n), "UTC") for n in range(len(days))]
    stored = [count for count, _ in days]
    counts = Told([count + more for count, more in days], windows)
    whole = sum(counts.by_day)
    found = list(_bisected(windows, stored, counts, 0, len(days), whole))
    differing = [n for n, (_, more) in enumerate(days) if more]
    assert [n for n, _ in found] == differing
    assert counts.asked <= 2 * len(differing) * max(0, ceil(log2(len(days))))


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 1_000),
    gone=st.lists(st.integers(0, 10_000), max_size=5, unique=True),
    late=st.lists(st.tuples(st.integers(0, len(DAYS) - 1), st.integers(0, 86_399_999)), max_size=5),
    revision=st.integers(0, 3),
)
def test_random_differences_of_random_histories_are_found_exactly_and_mended(
    history: SandboxOptions,
    project: Project,
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    gone: list[int],
    late: list[tuple[int, int]],
    revision: int,
) -> None:
    options = replace(revisions(history)[revision], seed=seed, messages=150)
    holding = Holding(project, tmp_path_factory.mktemp("random") / "held.duckdb")
    with Sandbox(options) as brand:
        store(brand, holding, DAYS)
        before = rows_by_day(brand)
        for number in gone:
            brand.history.delete(number % len(brand.history))
        for day, millisecond in late:
            at = dt.datetime.combine(DAYS[day], dt.time(), dt.UTC) + dt.timedelta(milliseconds=millisecond)
            brand.history.insert_late(at)
        after = rows_by_day(brand)
        truth = {day: (len(after[day] - before[day]), len(before[day] - after[day])) for day in DAYS}
        found = {each.day: (len(each.missing), len(each.gone)) for each in compared(brand, holding).different}
        assert found == {day: change for day, change in truth.items() if change != (0, 0)}
        if found:
            store(brand, holding, sorted(found))
        assert compared(brand, holding).different == ()
        assert holding.held.counts(DAYS) == [len(after[day]) for day in DAYS]


def store(brand: Sandbox, holding: Holding, days: Sequence[dt.date], concurrency: int = 4) -> None:
    """The days fetched and normalized, as a run does."""
    with BrandClient(brand.url, brand.email, brand.token, concurrency=concurrency) as client:
        found = list(crawl(client, [day_window(day, "UTC") for day in days]))
    rows = [page_row(window.window.key, kept, Redaction()) for window in found for kept in window.pages]
    warehouse = DuckDBWarehouse(database=str(holding.database))
    warehouse.replace(holding.project.source("raw", "message_pages").table, days, rows)
    load_seeds(holding.database, holding.project.seeds)
    model = next(model for model in holding.project.models if model.table.label == "core.messages")
    warehouse.replace(model.table, days, model.select(days))


def compared(brand: Sandbox, holding: Holding, days: Sequence[dt.date] = DAYS) -> Audit:
    windows = [day_window(day, "UTC") for day in days]
    with BrandClient(brand.url, brand.email, brand.token) as client:
        return Auditor(client, holding.project, holding.held, windows).rows()


def rows_by_day(brand: Sandbox) -> dict[dt.date, set[int]]:
    found: dict[dt.date, set[int]] = {day: set() for day in DAYS}
    for row in brand.truth():
        if row.created_at.date() in found:
            found[row.created_at.date()].add(row.row)
    return found


@needs_lake
def test_a_lake_is_audited_like_a_file(history: SandboxOptions, project: Project, tmp_path: Path) -> None:
    holding = Holding(project, located(f"ducklake:{tmp_path}/catalog.ducklake"))
    results = project.source("meta", "audits").table
    with Sandbox(replace(history, messages=150, dates_honoured=True)) as brand:
        store(brand, holding, DAYS)
        assert audited(brand, holding) == audited(brand, holding, Auditor.rows) == []
        brand.history.delete(place(brand, DAYS[4], 0))
        assert [day for day, _, _ in audited(brand, holding)] == [DAYS[4]]
        found = compared(brand, holding)
        assert [(each.day, len(each.gone)) for each in found.different] == [(DAYS[4], 1)]
        record(holding.database, results, found)
        assert [each.day for each in remembered(holding.database, results).different] == [DAYS[4]]
        store(brand, holding, [DAYS[4]])
        assert compared(brand, holding).different == ()
        assert remembered(holding.database, results).different == (), "fetched again since"


def test_what_slips_through_a_crawl_is_seen(history: SandboxOptions, project: Project, tmp_path: Path) -> None:
    """A deletion in front and a late row behind, between the same two requests: see docs/crawl.md."""
    holding = Holding(project, tmp_path / "slipped.duckdb")
    days = days_between(dt.date(2026, 3, 4), dt.date(2026, 3, 11))
    with Sandbox(history) as brand:
        moved = False

        def drift(ordinal: int, rows: History) -> None:
            nonlocal moved
            asked = brand.requests[-1].query.get("page")
            if asked == "4" and not moved:
                moved = True
                rows.delete(70)  # on page 3, which was just read
                rows.insert_late(dt.datetime(2026, 3, 1, 1, tzinfo=dt.UTC))

        brand.faults.drift = drift
        store(brand, holding, days, concurrency=1)
        assert moved
        found = compared(brand, holding, days)
        assert sum(len(each.missing) for each in found.different) == 1
        assert sum(len(each.gone) for each in found.different) == 1
        store(brand, holding, found.days)
        assert compared(brand, holding, days).different == ()
        assert sum(holding.held.counts(days)) == sum(row.created_at.date() in days for row in brand.truth())

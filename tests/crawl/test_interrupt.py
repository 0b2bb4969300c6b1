"""Ctrl-C during a crawl ends the process at once, whatever its requests are waiting for."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from reamaze_pipeline.sandbox import Sandbox, SandboxOptions

END = datetime(2026, 3, 12, tzinfo=UTC)

CRAWL = """
import signal
import sys
from datetime import UTC, datetime, timedelta
from reamaze_pipeline.api.client import RetryPolicy, ReamazeClient
from reamaze_pipeline.crawl.crawl import Window, crawl

signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background are started with it ignored
url, email, token = sys.argv[1:]
end = datetime(2026, 3, 12, tzinfo=UTC)
days = [Window(str(n), end - timedelta(days=n + 1), end - timedelta(days=n)) for n in range(30)]
with ReamazeClient(url, email, token, retry=RetryPolicy(rate_limit_wait=3600, longest_retry_after=3600)) as client:
    for crawled in crawl(client, days):
        print(crawled.window.key, flush=True)
"""


@pytest.mark.parametrize("waiting_for", ["hang", "429"])
def test_an_interrupt_ends_a_crawl_at_once(waiting_for: str) -> None:
    with Sandbox(SandboxOptions(messages=6000, days=40, end=END)) as sandbox:
        sandbox.faults.hang_seconds = 600
        sandbox.faults.latency_ms = 20
        command = [sys.executable, "-c", CRAWL, sandbox.url, sandbox.email, sandbox.token]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as crawling:
            try:
                assert crawling.stdout is not None
                assert crawling.stdout.readline() == "0\n"
                sandbox.faults.failures = [waiting_for] * 100  # type: ignore[list-item]
                asked = -1
                while asked < len(sandbox.requests):  # until every thread waits
                    asked = len(sandbox.requests)
                    time.sleep(0.5)
                assert crawling.poll() is None
                crawling.send_signal(signal.SIGINT)
                # Far less than what the requests wait for.
                crawling.wait(timeout=30)
            finally:
                crawling.kill()
            assert crawling.returncode == -signal.SIGINT
            assert crawling.stderr is not None
            assert "KeyboardInterrupt" in crawling.stderr.read()

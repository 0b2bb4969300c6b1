"""What assets reach the outside with, as Dagster resources: the Re:amaze API, and the processes that draw.

How a request is made is the business of `reamaze_pipeline.api`; how a table is stored, of
`reamaze_pipeline.warehouse`; how a chart is drawn, of `reamaze_pipeline.report`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from pydantic import Field

from reamaze_pipeline.api.client import ANSWER_MEGABYTES, ANSWER_SECONDS
from reamaze_pipeline.api.retry import RetryPolicy
from reamaze_pipeline.crawl.messages import BrandClient
from reamaze_pipeline.report.charts.renderer import Renderer


class ReamazeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A Re:amaze brand, read through its HTTP API.

    Give `email` and `api_token` as `dagster.EnvVar`, so that Dagster stores and shows only the names of the
    variables.
    """

    api_url: str = Field(description="API root, such as https://acme.reamaze.io/api/v1")
    email: str = Field(description="login email of a staff user", repr=False)
    api_token: str = Field(description="API token of that user", repr=False)
    requests_per_minute: int | None = Field(default=None, description="upper bound on the request rate")
    concurrency: int = Field(default=4, description="requests in flight at once")
    answer_seconds: float = Field(default=ANSWER_SECONDS, description="seconds within which an answer must be whole")
    answer_megabytes: float = Field(default=ANSWER_MEGABYTES, description="most that an answer may have, decoded")

    def __repr__(self) -> str:
        return f"ReamazeResource(api_url={self.api_url!r})"

    __str__ = __repr__

    @contextmanager
    def client(self, retry: RetryPolicy | None = None) -> Iterator[BrandClient]:
        """A client with a connection pool of its own, closed at the end of the block."""
        with BrandClient(
            self.api_url,
            self.email,
            self.api_token,
            requests_per_minute=self.requests_per_minute,
            concurrency=self.concurrency,
            answer_seconds=self.answer_seconds,
            answer_megabytes=self.answer_megabytes,
            retry=retry,
        ) as client:
            yield client


@dg.resource(description="The processes that draw the report; they start with a run that makes one.")
def renderer() -> Iterator[Renderer]:
    """Ready once there is something to draw, because they start with the run."""
    with Renderer() as started:
        yield started

"""What the user configures: environment variables and `.env`, read and checked once.

Here belong the names (`groups`), the rules of their values (`values`) and how they are read (`environment`); nothing
that uses them.
"""

from reamaze_pipeline.errors import SettingsError
from reamaze_pipeline.settings.environment import load_environment, problems, read, strange_names
from reamaze_pipeline.settings.given import Reader, given
from reamaze_pipeline.settings.groups import (
    EXAMPLES,
    MOST_CONCURRENCY,
    PREFIX,
    Address,
    Alerts,
    Brand,
    Brands,
    Calendar,
    Login,
    Metrics,
    Nights,
    Privacy,
    Records,
    Shown,
    Storage,
    TimeZone,
    Trust,
    Warehouse,
)

__all__ = [
    "EXAMPLES",
    "MOST_CONCURRENCY",
    "PREFIX",
    "Address",
    "Alerts",
    "Brand",
    "Brands",
    "Calendar",
    "Login",
    "Metrics",
    "Nights",
    "Privacy",
    "Reader",
    "Records",
    "SettingsError",
    "Shown",
    "Storage",
    "TimeZone",
    "Trust",
    "Warehouse",
    "given",
    "load_environment",
    "problems",
    "read",
    "strange_names",
]

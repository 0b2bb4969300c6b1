"""Options that several commands share."""

import click

UI_PORT = 3000

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print a machine-readable last line.")
port_type = click.IntRange(1, 65535)
day_type = click.DateTime(formats=["%Y-%m-%d"])

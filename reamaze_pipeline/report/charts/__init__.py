"""Numbers drawn: `figures` says what each chart shows, `renderer` and `svg` make it a picture for the page."""

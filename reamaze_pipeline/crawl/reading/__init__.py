"""One list read from a window's newest edge to its oldest, without a gap, while it moves.

From the outside in: `parts` cuts a sweep into windows, `sweep` reads page after page, `search` finds where to begin,
`chain` says which page may follow which, `order` which cannot, `listing` asks for pages and remembers them, `session`
is what all lists of a crawl share, `prefetch` has several requests under way.
"""

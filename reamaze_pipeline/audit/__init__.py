"""What we hold against what Re:amaze holds, asked anew and independently of how it was stored.

`compare` is the door: which days differ. From the inside out: `findings` says what an audit found, `api_counts` counts
there without downloading, `held` reads what is stored, `reread` reads days anew in full, `rotation`
says which and when, `record` keeps the results
and `remembered` reads them again.
What does not belong here: mending what differs (`runs.backfill`) and reading lists (`crawl`).
"""

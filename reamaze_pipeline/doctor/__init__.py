"""Whether what the crawl relies on holds for one brand: asked within few requests, without writing anything.

`examine` is the door. From the inside out: `findings` says what was found, `reading` what one answer is, `probe` asks
and counts, `sample` reads a few pages of the main list; then a module for each kind of thing that is relied on:
`pages`, `rows`, `lists`, `dates`, `pace`. `shapes` tells what answers look like without what they say, `bundle` writes
it. What does not belong here: what is stored (`audit`) and reading a whole window (`crawl`).
"""

"""Runs started from here: a range of days materialized in this process, and the demo around one.

What is asked for, executed and told. What a run does is the graph's business (`defs`); what a person typed to start it,
that of `commands`.
"""

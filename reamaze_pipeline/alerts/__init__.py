"""Telling people when a night failed, when all is good again, and when no good night came: one message an incident.

What is an incident (`incident`), how it is sent (`channels`), and what is remembered of it (`watch`). What a run does
and when it runs does not belong here. No message holds a text, a name or a secret: only tables, days and commands.
"""

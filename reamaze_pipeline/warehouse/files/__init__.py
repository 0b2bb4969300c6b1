"""Files on the disk: who may read them, what is told when the disk fails, tables written as files for other programs.

How the database file is opened does not belong here; see `engine`.
"""

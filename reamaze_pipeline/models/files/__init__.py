"""The files of a project as people and their editors write them: the bytes, the names, the one statement in them.

What a file means (`template`, `declarations`, `seeds`) does not belong here.
"""

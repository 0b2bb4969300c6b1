"""What differs in a lakehouse (DuckLake): tables as Parquet files, one catalog of them, many writers.

`location` says where a warehouse is, `attaching` opens a lake, `lock` lets one writer in at a time, `types` says what a
lake keeps otherwise, `upkeep` keeps its files few. Everything else about tables and days is the same as in a file and
stands in the modules around this folder.
"""

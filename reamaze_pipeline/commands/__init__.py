"""What a person types: `reamaze-pipeline COMMAND`, a module a command.

Thin: options in, one call of what stands below, words or JSON out. A module here is imported to print its help, so what
takes long to import is imported by the function that needs it. `app` holds the group, the exit codes and what becomes
of an error; `console`, how words and progress reach the terminal.
"""

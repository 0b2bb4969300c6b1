"""`python -m reamaze_pipeline` is the command `reamaze-pipeline`."""

from reamaze_pipeline.commands.app import main

if __name__ == "__main__":
    main()

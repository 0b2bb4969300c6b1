"""Commands that ask Re:amaze directly: what it holds, and whether we hold the same. They store no message."""

"""A made-up brand and its messages: who writes, when, what about; columns first, words when they are asked for."""

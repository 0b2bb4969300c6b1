"""Where in time the places of a list are: guesses that save requests, and prove nothing."""

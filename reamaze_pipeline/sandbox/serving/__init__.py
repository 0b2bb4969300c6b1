"""The made-up brand over HTTP: Re:amaze's endpoints, the sandbox's own controls, and what can be made to go wrong."""

"""What is done to a warehouse now and then: written compactly, a person erased from it."""

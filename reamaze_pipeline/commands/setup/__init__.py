"""What a person types once, on a new machine or for a new brand: the settings file, the shell's completion."""

"""The tables of the settings file, one module a concern."""

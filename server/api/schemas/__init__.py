"""The wire: what travels between the knowledge API and its clients. Imports pydantic and nothing of ours."""

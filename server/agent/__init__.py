"""An agent with tools: the tools, what runs them, and the two loops of model and tools."""

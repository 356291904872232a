"""The tools that come with Zhiwen, one module each."""

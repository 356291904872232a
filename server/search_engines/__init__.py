"""Internet search engines behind one protocol."""

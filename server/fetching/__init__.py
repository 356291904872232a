"""Reading pages of the internet, guarded against requests into private networks."""

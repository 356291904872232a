"""The services of Zhiwen. Sub-packages name jobs; docs/architecture.md shows which may import which."""

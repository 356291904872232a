"""The version of Zhiwen."""

VERSION = "0.1.0"

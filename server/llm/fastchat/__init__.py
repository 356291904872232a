"""FastChat's controller and OpenAI API as processes of ours, and what its workers need.

`compat` is the only door to the `fastchat` package: it hands out FastChat's modules mended for today's libraries.
"""

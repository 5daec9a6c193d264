"""The outside checker: what registers and devices saw and were told, and a judge of it.

It never asks the hub. It imports the state tables, for they are the rules, and nothing of the hub's own code.
"""

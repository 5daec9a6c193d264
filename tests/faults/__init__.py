"""Faults: a real hub is killed, starved of its disk, cut off and shouted at; afterwards it is judged.

Every run has a seed, prints it when something is wrong, and is played again by `scripts/torture <kind> --seed S
--cycles 1`. What is random comes from the seed alone; what the operating system decides (which of two sockets is served
first) does not, so a replay is the same run but for scheduling. docs/reliability.md holds the figures.
"""

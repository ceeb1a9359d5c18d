"""Faults injected into the running product: real processes, killed, filled, silenced and confused.

`python -m tests.faults` (`make faults`) runs them all and prints the table of docs/reliability.md; `test_faults.py`
runs the quick ones with the other tests.
"""

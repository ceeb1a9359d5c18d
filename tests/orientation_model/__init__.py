"""Random sequences of acts held against a model of the rules: see `test_random_acts.py`."""

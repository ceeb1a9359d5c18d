"""A data set of national size, invented and the same at each run, to measure the product on: `manage.py load_scale`.

`tables` says what is written and copies it, `people` and `orientation` invent a school's rows, `loading` does them all.
"""

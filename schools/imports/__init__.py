"""Importing a school's pupils from a page: uploaded, read and compared by a worker, shown, confirmed, written."""

"""Outside judges of the pages: the Nu HTML checker and Lighthouse. `make audit`."""

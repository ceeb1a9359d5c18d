"""The product's settings, middleware and frame around bare views with as many statements as the pages measured."""

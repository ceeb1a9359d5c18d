"""What all the tests share."""

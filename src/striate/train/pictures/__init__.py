"""The images of a training as people see them."""

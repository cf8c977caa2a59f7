"""The HTTP layer: how the dataset is asked and answered."""

"""Template tags of pages, which Django loads when it first needs them."""

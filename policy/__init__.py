"""The domain: the records, their vocabularies, and how annotations become a release."""

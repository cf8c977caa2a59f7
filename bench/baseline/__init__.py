"""The same statements as an average developer would serve them: DRF as its tutorial has it."""

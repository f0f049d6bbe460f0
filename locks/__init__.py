"""The locked versions, and what writes and reads them."""

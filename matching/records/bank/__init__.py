"""The time bank: hours as double entry in whole minutes, and what may be done with them."""

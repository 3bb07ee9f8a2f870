"""The life of an order: its events and states, who waits for a place, plans that change, pairings."""

"""The life of an order: events and states, who waits, plans that change, pairings."""

"""From raw cells to clean tables: cells, rules, references between tables."""

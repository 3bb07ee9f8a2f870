"""The linear programme over all rosters, by column generation."""

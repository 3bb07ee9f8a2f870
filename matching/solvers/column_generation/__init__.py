"""The linear programme over rosters, by way of few of them."""

"""What was served: hours, stars, certificates of service, the time bank, indicators, reviews."""

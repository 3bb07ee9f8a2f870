"""VMB, a public benchmark for volunteer matching: named worlds, best-known values, and a runner."""

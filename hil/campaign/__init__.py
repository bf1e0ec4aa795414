"""Campaigns: random walks with random mishaps, judged after every step, shrunk where they fail."""

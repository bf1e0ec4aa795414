"""What a leg does while it does not walk: shifts weight, sits, taps, pivots."""

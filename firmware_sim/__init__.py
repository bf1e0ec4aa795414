"""The other end of the cable: simulated stimulators that behave as the vendor's device, and what can go wrong with them."""

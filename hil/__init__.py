"""The bench: a virtual patient, a simulated cable, a witness, and the one composition that joins them to the controller."""

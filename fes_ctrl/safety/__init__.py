"""The last word before the driver: limits, the fault table, and the guard that applies them."""

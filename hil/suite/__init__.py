"""The bench suite: what every driver must do with its device, on any link, simulated or real."""

"""Where time passes: clocks, and the session that joins controller, drivers, links and the log."""

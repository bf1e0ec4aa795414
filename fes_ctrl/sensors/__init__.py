"""Sources of samples: a serial port, a recording, a metronome, the space bar."""

"""A virtual patient: muscle, ankle, leg and sensors, computed and never scripted."""

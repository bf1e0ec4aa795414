"""From a sample on the sensor's port to a frame on the stimulator's, and what the machine adds."""

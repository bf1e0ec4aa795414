"""When and how strongly to stimulate: gait events in, setpoints on the device's own grid out."""

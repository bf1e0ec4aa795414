"""Links carry bytes between a driver session and a device: serial ports and sockets."""

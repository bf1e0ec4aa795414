"""Simulated devices, each as its vendor made it: bytes and time in, bytes and pulses out."""

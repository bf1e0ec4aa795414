"""Traces of an oscilloscope: read, measured, and held against what a run commanded."""

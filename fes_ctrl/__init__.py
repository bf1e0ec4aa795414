"""Closed-loop control of functional electrical stimulation for drop foot.

A research and bench tool, not a medical device.
"""

__version__ = "0.1.0"

"""Closed-loop control of functional electrical stimulation for drop foot.

A research and bench tool, not a medical device.

PYTEST_DONT_REWRITE: imported before pytest, it must cause no warning because it has a plugin.
"""

__version__ = "0.1.0"

"""The other end of the cable: simulated stimulators, each as its vendor made it.

And what can be made to go wrong with them.

PYTEST_DONT_REWRITE: imported before pytest, it must cause no warning because it has a plugin.
"""

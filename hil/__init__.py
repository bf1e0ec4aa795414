"""The bench: a virtual patient, a simulated cable, a witness, and what joins them.

The same composition walks on every clock.

PYTEST_DONT_REWRITE: imported before pytest, it must cause no warning because it has a plugin.
"""

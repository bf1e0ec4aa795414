"""The bench: a virtual patient, a simulated cable, a witness, and what joins them.

The same composition walks on every clock.
"""

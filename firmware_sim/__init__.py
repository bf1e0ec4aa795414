"""The other end of the cable: simulated stimulators, each as its vendor made it.

And what can be made to go wrong with them.
"""

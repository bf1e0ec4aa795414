"""Many walks and what they tell: sweeps over settings, and the search for a better program.

Nothing here knows how to walk: whoever joins the rooms hands in a function that does.
"""

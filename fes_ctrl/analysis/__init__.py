"""Numbers: what a walk or a recording amounts to."""

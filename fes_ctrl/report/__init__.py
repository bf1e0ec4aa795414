"""Pictures: what a walk looked like, as SVG and HTML that open anywhere."""

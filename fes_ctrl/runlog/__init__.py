"""The run log: one JSON object a line, from the header to the end of a run."""

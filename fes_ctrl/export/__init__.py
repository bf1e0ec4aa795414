"""A run in formats of other programs: MCAP for Foxglove, Parquet tables, C3D for gait analysis."""

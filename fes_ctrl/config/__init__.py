"""Configuration: TOML files and options in, checked values with their origin out."""

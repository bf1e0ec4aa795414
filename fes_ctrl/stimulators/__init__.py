"""Driver sessions without I/O: commands and bytes in; bytes, reports and the next deadline out."""

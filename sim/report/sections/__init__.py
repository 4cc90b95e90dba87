"""The parts of the report, one file each: what was found, put into words, tables and drawings."""

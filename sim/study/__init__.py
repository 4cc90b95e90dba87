"""Studies: many runs, kept in a store so that nothing is computed twice, and what they say together."""

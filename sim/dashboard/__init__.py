"""The classroom: twin firms side by side on one clock, in the browser."""

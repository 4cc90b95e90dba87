"""The report: from stored runs to a page, its paper form and slides."""

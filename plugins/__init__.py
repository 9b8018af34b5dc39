"""Optional modules that a workspace takes from the marketplace; each imports ``core.sdk`` alone."""

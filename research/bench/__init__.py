"""`make bench`: how long decisions, compiles and starts take, with ratios from a single run."""

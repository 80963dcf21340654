"""Plan, stages and the run folder."""

"""Everything in here is discovered: assets, checks, jobs, schedules, sensors and the resources they ask for."""

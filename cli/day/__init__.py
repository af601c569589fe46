"""A day of all cadences over many simulated shops, some of them faulty, on a clock that runs as fast as it can."""

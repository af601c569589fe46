"""From a booking system to the version log."""

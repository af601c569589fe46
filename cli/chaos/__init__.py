"""Breaks syncs and analytics runs on purpose, lets them recover, and compares what is left with the truth."""

"""Tests of the false Trafft itself: its answers, its faults, and the shops behind them."""

"""What breaks on purpose: the harness of `sixfb chaos` on a small scale, and drills that need a test of their own."""

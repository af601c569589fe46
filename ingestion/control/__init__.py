"""The control record: which shops exist, how to reach them, and what each sync did. Knows no orchestrator."""

"""Knows booking systems and the control record; never imports an orchestrator."""

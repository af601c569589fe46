"""One module per command of `sixfb`; imported when the command is called."""

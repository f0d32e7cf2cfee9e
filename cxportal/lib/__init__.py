"""The lowest layer: imports no app; one topic per module, named by the topic."""

"""The only writers of feedback."""

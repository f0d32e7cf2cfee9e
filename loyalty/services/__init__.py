"""The only writers of loyalty."""

"""Composes the apps into one product."""

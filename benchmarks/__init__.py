"""Ratios against named baselines on files given by path; never part of the tests."""

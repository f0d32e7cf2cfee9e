"""Pages of campaigns, one module per topic."""

"""Groups of reviewers: teams and who belongs to them."""

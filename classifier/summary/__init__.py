"""What a backlog shows once it is classified: counts, repeats, and hot matters named by their own words."""

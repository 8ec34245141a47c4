"""Read and write tables of the kinds an office produces."""

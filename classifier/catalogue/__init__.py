"""A ledger's categories, crosswalk, departments, duties, regions, rules and deadlines."""

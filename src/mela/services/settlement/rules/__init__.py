"""Pure decisions: which day is a banking day, which rate was in force, what a sale leaves, what a statement says."""

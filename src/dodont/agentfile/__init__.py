"""Files that tell coding agents how to work: which of their statements dodont's rules enforce."""

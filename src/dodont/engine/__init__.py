"""What runs the rules over files: catalogue, selection, driver."""

"""What makes better weights: losses, optimizers, rates, averages, and which parts learn."""

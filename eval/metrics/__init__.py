"""Every metric is a pure function with its source cited."""

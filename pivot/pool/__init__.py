"""Long answers become documents in processes of their own, so that no answer holds up other calls."""

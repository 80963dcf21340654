"""What a generator is worth: features, privacy, generation, the study."""

"""Feature networks behind `synthetyk.metrics.extractor.FeatureExtractor`."""

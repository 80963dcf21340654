"""Trainers, losses, averaging, augmentation and the stability monitor."""

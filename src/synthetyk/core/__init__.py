"""Ground floor: errors, configuration, seeding, artifacts, registry."""

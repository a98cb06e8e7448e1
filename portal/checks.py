"""System checks: a half-configured or unsafe portal is an error at start."""

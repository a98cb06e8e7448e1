"""Which seeds may be looked at while something is tuned, and which are for the final figures only."""

from __future__ import annotations

TUNING_SEEDS = (11, 12, 13, 14, 15)
"""For choosing weights, cut-offs and orders. Figures from them are never reported."""

FINAL_SEEDS = (9001, 9002, 9003)
"""For reported figures. Nothing is chosen by them; once something was, they are replaced."""

QUERY_SEED_OFFSET = 500_000
"""Added to a population's seed to have the seed of its look-ups."""

"""Experiments over the same gate that trades: today a seeded stream of intents and the benchmark."""

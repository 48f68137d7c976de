"""Parts that only tests need: writers of the test models, servers that misbehave."""

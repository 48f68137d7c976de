"""Chat formats: rendering conversations to token ids and parsing what the model writes, for gpt-oss (harmony) and for
models with a chat template. Used within models only."""

"""llama.cpp behind checked calls: loading weights, contexts, the KV cache, sampling. Used within models; core imports
`saved_kv` alone, to delete what was saved of a conversation."""

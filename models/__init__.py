"""Running neural models on this machine: catalog, download, load plan, llama.cpp, harmony. No Qt, no Milvus."""

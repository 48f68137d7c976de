"""Runs chat, embedding and reranking models on this machine through llama.cpp. The lowest floor, used by core and gui;
it knows neither Qt nor Milvus, and it alone imports llama_cpp."""

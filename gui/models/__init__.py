"""What the window says about the model files: there, missing, downloading, loading."""

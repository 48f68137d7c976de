"""Known model files: which there are, downloading them, finding those of other programs. Used within models, and by
core.engines and core.cli; opens connections only for a download that a person asked for."""

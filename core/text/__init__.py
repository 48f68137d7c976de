"""Language and text: one tokenizer, one splitter, one normalisation, and a data file for each language. Used by every
room of core; uses none of them."""

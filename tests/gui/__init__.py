"""Tests of the window on real parts: what a person does with it, and what it then shows."""

"""How cost grows with the documents: indexes of a thousand to a million passages, made, opened and asked."""

"""From what a person types to questions that stand alone, in words that the documents know."""

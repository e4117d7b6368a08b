"""Query understanding: from what a person types to self-contained questions in the documents' spelling."""

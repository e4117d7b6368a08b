"""Gold questions in, honest figures out; imports the assistant, is imported by nothing."""

"""An index searched by Milvus: its words and vectors are there; what is read and quoted stays in its files."""

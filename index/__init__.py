"""From a source file to ranked passages; knows nothing of answers or screens.

    path -> Document -> Passage -> Index -> Hit

`sources` reads files, `parse` finds sections, sentences and notes with exact offsets, `works` follows
"Ibid." and short citations, `passages` groups sentences, `bm25` and `dense` score them, `retriever`
fuses the scores, and `store` keeps the result on disk.
"""

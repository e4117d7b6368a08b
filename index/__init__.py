"""From a source file to ranked passages; knows nothing of answers or screens.

    path -> Document -> Passage -> Index -> Hit

`document` reads files and finds sections, sentences and notes with exact offsets (its module `follow` leads "Ibid." and
short citations to the works they mean), `passages` groups sentences, `bm25` and `dense` score them, `retriever`
fuses the scores, and `store` keeps the result on disk.
"""

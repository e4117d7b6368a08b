"""From a source file to a Document: its sections, sentences and notes, with exact offsets.

`sources` reads files, `layout` finds their blocks, `sentences` splits those, `notes` tells markers and notes, `works`
reads the works that a note names, `follow` leads "Ibid." and short citations to them, and `parse` puts it together.
"""

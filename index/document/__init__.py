"""From a source file to a Document: its sections, sentences and notes, with exact offsets.

`sources` finds files, `formats` reads them, `parts` takes what a format tells of its text. Of plain text `layout` finds
the blocks and `notes` tells markers and notes; `sentences` splits blocks, `works` reads the works that a note names,
`follow` leads "Ibid." and short citations to them, and `parse` puts it together.
"""

"""Text as H.264, written by hand: no pixel is compressed after the first picture, each is only pointed at.

A video encoder spends its time finding out how a picture differs from the one before. Here that is known: a picture is
a grid of characters, and the few hundred pictures of characters never change. So the glyphs themselves are put into
the video, in columns of macroblocks right of the picture which the cropping rectangle of the stream hides:

    +---------------------------+------+
    | what is shown             | each |   a macroblock is 16 x 16 pixels; a cell of text is one or more of them,
    |                           | glyph|   or half of one
    +---------------------------+------+

- A key frame draws picture and glyphs from nothing (`i_slice`, with the drawings made by `lattice`).
- In any other frame a cell that did not change costs a fraction of a bit, and one that did is a motion vector to
  where the glyph is to be had (`p_slice`). Nothing else is sent, so what is decoded is exact, to the last pixel.

Sections and tables named in this package are those of Recommendation ITU-T H.264. The streams are of its Constrained
Baseline profile, which every decoder of H.264 knows.
"""

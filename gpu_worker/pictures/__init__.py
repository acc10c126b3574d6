"""Video to ASCII: one decode, small grids of characters, any number of sinks that write them.

probe → layout → sample (the decoder's own planes) → tone → glyphs → grid ──▶ sinks: MP4, PNG, text, GIF, asciicast
"""

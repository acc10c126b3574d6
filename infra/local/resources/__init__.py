"""The template's resources made with AWS's own API: made where missing, changed where different, data never touched.

Not through CloudFormation: one code serves the emulator and moto's in-process AWS (which ignores half of a bucket's
properties there), a start killed half-way just starts again, and a property that we cannot make stops the start instead
of being skipped.
"""

"""Make the demo speech model again, from a grammar to a CTranslate2 folder. See README.md."""

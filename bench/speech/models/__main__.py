"""`python -m bench.speech.models SIZE FORM FOLDER`: make one network in one form."""

import importlib
import sys
from pathlib import Path

from bench.speech.models.sizes import SIZES
from bench.speech.models.vocabulary import read_vocabulary

if __name__ == "__main__":
    _, size, form, folder = sys.argv
    # Each form needs packages that the others do without.
    module = importlib.import_module(f"bench.speech.models.{form}_form")
    module.write(SIZES[size], read_vocabulary(SIZES[size].languages), Path(folder))

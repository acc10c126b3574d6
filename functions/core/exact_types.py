"""Numbers and truths as JSON has them: pydantic by itself takes `true` for 1, "5" for 5 and "no" for false.

For bodies of requests; forms and queries know nothing but texts.
"""

from typing import Annotated

from pydantic import Strict

Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
"""A whole number is one, too."""
Truth = Annotated[bool, Strict()]

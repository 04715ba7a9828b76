"""`python -m tests.engines` fails where an engine is missing, and names it."""

import sys

from tests.browser import NONE_FOUND, find_browser
from tests.engines import missing, told

sys.exit(told(missing()) or (None if find_browser() else NONE_FOUND))

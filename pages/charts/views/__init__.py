"""What each page shows of an experiment: one module a page, named as the page's address, with one `VIEW`."""

from importlib import import_module
from pkgutil import iter_modules

VIEWS = {module.name: import_module(f"{__name__}.{module.name}").VIEW for module in iter_modules(__path__)}

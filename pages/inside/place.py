"""A place on a page in which one can draw again from its beginning."""

from copy import deepcopy

from streamlit.delta_generator import DeltaGenerator


def from_its_beginning(place: DeltaGenerator) -> DeltaGenerator:
    """The same place, with a cursor of its own.

    A part may draw there, outside of itself, only if it has done so while the page was built. A block that is drawn
    again keeps what it holds.
    """
    return deepcopy(place)

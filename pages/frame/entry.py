"""What the table of contents says of a page; the subclasses say what the page shows."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A page as the menu has it."""

    address: str  # as its file's name
    title: str
    section: str  # of the menu
    menu: str = ""  # its title there, if another

    @property
    def in_menu(self) -> str:
        return self.menu or self.title

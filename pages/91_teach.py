from pages.frame.entry import Entry
from pages.teach.builder import show_teach

PAGE = Entry(address="teach", title="Teach", section="Teach")

if __name__ == "__main__":
    show_teach(PAGE)

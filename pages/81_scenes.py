from pages.charts.drawings.predictions import items, texts
from pages.frame.scenes import show_scenes

if __name__ == "__main__":
    show_scenes(items, texts)

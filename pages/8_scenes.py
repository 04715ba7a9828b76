from pages.charts.predictions import items, texts
from pages.controls.scenes import show_scenes

if __name__ == "__main__":
    show_scenes(items, texts)

from pages.charts.drawings.predictions import items, texts
from pages.frame.scenes import Scenes, show_scenes

PAGE = Scenes(address="scenes", title="Predict first", section="Try it", items=items, texts=texts)

if __name__ == "__main__":
    show_scenes(PAGE.items, PAGE.texts)

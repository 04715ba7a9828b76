from pages.charts.predictions import items, texts
from pages.controls.scenes import show_scenes

show_scenes(items, texts)

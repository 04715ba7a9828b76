from pages.teach.builder import show_teach

if __name__ == "__main__":
    show_teach()

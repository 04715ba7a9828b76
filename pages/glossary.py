import streamlit as st

from pages.frame.layout import set_up
from pages.lessons.glossary import GLOSSARY

TITLE = "Glossary"

if __name__ == "__main__":
    set_up("glossary", TITLE)
    st.markdown("What symbols and words mean here, a sentence each. In a formula, each symbol says it when pointed at.")
    for term in GLOSSARY.values():
        st.markdown(f"**{term.name}**  \n{term.says}")

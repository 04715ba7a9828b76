"""The yardstick: the least that a Streamlit page with one slider and one Plotly chart can be."""

import plotly.graph_objects as go
import streamlit as st

w = st.slider("w", -6.0, 8.0, 1.0, 0.05, key="w")
st.plotly_chart(go.Figure(go.Scatter(y=[w**i for i in range(11)])), key="figure")
st.html(f'<p id="readout">{w}</p>')

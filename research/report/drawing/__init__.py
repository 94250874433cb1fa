"""Charts as inline SVG: scales, lines, bars, strips. Knows nothing of trading, and uses floats, for pixels.

A chart is as wide as its place: text and axes keep their size, only what stands for data is stretched.
"""

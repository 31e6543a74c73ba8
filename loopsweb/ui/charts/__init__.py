"""Pictures over time: scales, lines, bands of status and bars, drawn as SVG by templates/ui/charts.

Places across are percentages of the width and places down are pixels, so that a picture fills its
card at any width while its text keeps its size. Every picture has a title, a description and a
table of the same data. What was not observed is a gap; nothing is interpolated.
"""

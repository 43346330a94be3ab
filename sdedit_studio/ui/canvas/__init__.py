"""The canvas widget: navigation, drawing of the composite, and its overlays.

The page is the document's area as it lies in a view. The viewport maps the page to the view.
"""

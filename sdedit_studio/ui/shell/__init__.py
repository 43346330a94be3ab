"""The program and its window, which joins the features."""

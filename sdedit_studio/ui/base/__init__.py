"""What all features of the window use: the theme, icons, texts, actions, preferences, tasks."""

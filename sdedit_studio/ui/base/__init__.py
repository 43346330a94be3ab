"""What all rooms of the window stand on: the theme, icons, words, actions, preferences, tasks."""

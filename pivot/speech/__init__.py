"""Speech made by a plug-in: texts in, sounds out, kept by content and served to the media servers."""

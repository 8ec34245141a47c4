"""The intake path: from a complaint's text to a suggestion; `suggester` states the order."""

"""What goes over the wire, described in Chinese for the people who connect other systems."""

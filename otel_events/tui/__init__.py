"""The terminal screen: events where the work is, as an application and as a widget of anybody's own."""

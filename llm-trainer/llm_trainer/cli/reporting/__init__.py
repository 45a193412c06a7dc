"""``report``: one HTML file about one session. ``gathering`` asks, ``charts`` draws, ``page`` writes."""

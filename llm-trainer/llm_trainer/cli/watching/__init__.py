"""``watch``: a session on the whole screen. ``listening`` hears, ``picture`` remembers, ``screen`` draws."""

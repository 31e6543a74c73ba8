"""Signing in: passwords, single sign-on, two-factor authentication, reauthentication and browser
sessions. What a signed-in person may do is in `authorization`."""

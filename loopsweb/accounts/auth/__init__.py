"""Signing in: passwords, single sign-on, two-factor authentication, reauthentication and browser
sessions. Permissions are in `authorization`."""

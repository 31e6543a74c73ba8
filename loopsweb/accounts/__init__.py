"""People: users, teams and workspaces; how people sign in and what each role may do."""

"""Teams: their pages, members, roles and workspaces, and recording changes of them in the audit."""

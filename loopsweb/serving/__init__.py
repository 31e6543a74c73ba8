"""Starting the site: `serve` for production, `demo` with the simulator as its API."""

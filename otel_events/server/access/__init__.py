"""Who may ask: tokens, logins, hosts and origins, limits."""

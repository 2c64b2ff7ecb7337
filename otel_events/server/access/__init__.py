"""Who may come in: tokens, login links, cookies, hosts and origins, and limits on what a connection may cost."""

"""What was expected and did not happen: rules, and what tells when one is broken and when it holds again."""

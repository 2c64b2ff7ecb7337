"""`python -m otel_events`: the command line."""

from otel_events.cli import main

if __name__ == "__main__":
    main()

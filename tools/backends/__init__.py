"""Build and run the real Collector, Jaeger and Loki on this machine, with the configuration files of this repository."""

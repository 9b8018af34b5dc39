"""Stand-ins for the world outside: servers on loopback that keep what they were told."""

"""The only code that services share: shapes, ports, adapters and profiles."""

"""The pages of the gateway, rendered here, without scripts."""

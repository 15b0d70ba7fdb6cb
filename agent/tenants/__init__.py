"""Tenants without I/O: the model of a tenant file, and reading one."""

"""Bad input, item by item: a clear error with a stable code, nothing half done, and life goes on."""

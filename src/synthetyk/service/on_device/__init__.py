"""The page that runs a package's models on the reader's own device, as files that any server can host."""

"""What several rooms use and nobody outside this package should: files, processes, executors, settings, install advice."""

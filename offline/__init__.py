"""One archive from which a room of laptops installs the course without the internet."""

"""The course as a book: `make book` executes `solutions/` on drawn faces and renders them with the texts of docs/."""

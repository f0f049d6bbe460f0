"""The tests, a folder per room of the package. docs/developers/tests.md says what each folder holds."""

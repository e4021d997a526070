"""What runs inside the sandbox. It is put there file by file and imports nothing of the house."""

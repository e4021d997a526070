"""The meaning of a job, between the languages that express it and the engines that execute it."""

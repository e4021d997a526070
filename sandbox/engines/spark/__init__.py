"""The distributed engine: Spark, in process or on a cluster. An extra; needs Java."""
